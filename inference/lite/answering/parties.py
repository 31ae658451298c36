"""The reply to who did something, or whose name, phone or place is asked for."""

import re

from inference.lite.answering import facts, roles, states
from inference.lite.answering.facts import Fact
from inference.lite.answering.lookup.sorts import Sort
from inference.lite.answering.phrases import say, sentence
from inference.lite.answering.questions import Part
from inference.lite.answering.reply import Reply
from inference.lite.answering.role_words import Role
from inference.lite.answering.scene import Scene
from inference.lite.answering.values import WRITTEN, told_facts
from inference.lite.reading import Field, Reading

NOUN = re.compile(r"[人员方机]$|师傅$")  # of a label that names its party


def reply(scene: Scene, part: Part) -> Reply | None:
    """None where no party is asked for, or where the pictures may tell it in other words."""
    asked = roles.asked(part.text)
    if asked is None or not scene.readable:
        return None
    role, sort = asked
    if part.single or (sort is Sort.NAME and role.key in part.fields):
        return None  # name, phone and address are told together
    if any(facts.kind_of(one) in (*WRITTEN, "error") for one in scene.readable):
        return None  # sentences tell of parties in their own way
    held = [(one, each) for each in scene.readable for one in roles.held_by(each, role)]
    for one, reading in held:
        if value := roles.value_of(one.text, sort, part.text):
            return Reply(_told(scene, part, role, sort, value, one, reading))
    if role.key == "signer" and any(map(states.stands, scene.readable)):
        return None  # what has become of the parcel tells more
    empty = next((one for one, _ in held if one.label and not one.text), None)
    if empty is not None and sort is Sort.NAME:
        return Reply(sentence([say("left_empty", scene.chinese, label=empty.label)], scene.chinese))
    return None


def _told(
    scene: Scene,
    part: Part,
    role: Role,
    sort: Sort,
    value: str,
    held: roles.Held,
    reading: Reading,
) -> str:
    chinese, line = scene.chinese, held.line
    name = role.zh if chinese else role.en
    if sort is Sort.PHONE:
        name = say("phone_of", chinese, party=name)
    elif sort is Sort.PLACE:
        is_city = roles.ASKS_CITY.search(part.text)
        name = say("city_of" if is_city else "place_of", chinese, party=name)
    elif chinese and NOUN.search(held.label):
        name = held.label
    field = Field("printed", value, line.box, line.confidence, None, name)
    return told_facts(part.text, [Fact(field, facts.kind_of(reading))], scene.known, chinese)
