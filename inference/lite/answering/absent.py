"""That a picture lacks what is asked for, though it has something near of another kind.

An order number is no tracking number, a member's phone is not the cashier's, and the fee for a
repair is not what the thing cost. What is near is named, and its value is not said.
"""

import re

from inference.lite.answering import facts, roles, states
from inference.lite.answering.field_words import FIELDS, called
from inference.lite.answering.lookup.entries import is_prose
from inference.lite.answering.lookup.sorts import Sort
from inference.lite.answering.markdown import plain
from inference.lite.answering.pairs import pairs_of
from inference.lite.answering.phrases import joined, say, sentence
from inference.lite.answering.questions import Part
from inference.lite.answering.reply import Reply
from inference.lite.answering.scene import Scene
from inference.lite.reading import Reading

# Each of these is a kind of its own.
NUMBERS = {
    "waybill_number",
    "order_number",
    "invoice_number",
    "invoice_code",
    "transaction_number",
    "contract_number",
    "bank_card",
    "id_card",
}
A_NUMBER = re.compile(r"[A-Z]{0,4}-?\d[\dA-Za-z* -]{5,40}")
OF_NUMBER = re.compile(r"[单编账卡票证码]号|号码?$|number|no\.?$|\bid$", re.IGNORECASE)
BARE = re.compile(r"[A-Z]{0,4}\d[\d ]{9,24}[A-Z]{0,2}")  # may be the number, without its label
SPENT = re.compile(
    r"(?:多少|几块)钱?[^?？,，。]{0,3}买|买[^?？,，。]{0,6}(?:多少|几块)钱?|花了?多少钱?|什么价|(?:购买|买入)?价格?(?:是)?多少|卖多少"
    r"|\bhow much (?:did|does|was|is) (?:i|we|it|this|the \w+)\b.{0,20}\b(?:pay|cost|price)|\bwhat did (?:i|we|it|this|the \w+)\b.{0,12}\b(?:pay|cost)"
    r"|\b(?:purchase )?price\b",
    re.IGNORECASE,
)
PRICE = re.compile(
    r"价(?!值)|货款|金额|实[付收]|应[付收]|合计|总[计额]|代收|price|total|amount|paid|cost",
    re.IGNORECASE,
)
A_PRICE = re.compile(r"[-+−]?[¥￥$€£]\s?[\d,.]{1,14}|[\d,]{1,9}\.\d{2}|\d{1,7}\s?元")
WHO = re.compile(r"谁|\bwho\b", re.IGNORECASE)
# The end of a label that names a person by what he is.
BEARER = re.compile(
    r"(?:[人员师]|医生|经理|主管|班长|护士|店长|顾问|掌柜|老板|clerk|agent|doctor)$", re.IGNORECASE
)
PRICED = ("order", "payment", "receipt", "invoice")


def reply(scene: Scene, part: Part) -> Reply | None:
    """None where a picture may have the value."""
    readings = scene.known.own
    if not readings or part.single or len(scene.readable) < len(readings):
        return None
    if any(one.partial or facts.kind_of(one) in ("chat", "error") for one in readings):
        return None
    told = (_number, _phone, _price, _weight, _party)
    return next(filter(None, (one(scene, part) for one in told)), None)


def _number(scene: Scene, part: Part) -> Reply | None:
    if len(part.fields) != 1 or part.fields[0] not in NUMBERS or part.by_rule:
        return None
    name = part.fields[0]
    if scene.known.values(name) or any(_prints(one, name) for one in scene.readable):
        return None
    others = [
        one.label
        for reading in scene.readable
        for one in pairs_of(reading)
        if OF_NUMBER.search(one.key) and A_NUMBER.match(one.value)
    ]
    return _lacks(scene, called(name, scene.chinese), others) if others else None


def _prints(reading: Reading, name: str) -> bool:
    """Whether a line names the number, or may be it."""
    asks = FIELDS[name].asks
    is_own = facts.kind_of(reading) == name.partition("_")[0]
    return any(
        (asks.search(line.text) is not None) or (is_own and BARE.fullmatch(line.text.strip()))
        for line in reading.lines
    )


def _phone(scene: Scene, part: Part) -> Reply | None:
    asked = roles.asked(part.text)
    if asked is None or asked[1] is not Sort.PHONE or asked[0].key in roles.OF_PARCEL:
        return None
    role = asked[0]
    held = [one for each in scene.readable for one in roles.held_by(each, role)]
    if any(roles.value_of(one.text, Sort.PHONE) for one in held):
        return None
    if not scene.known.values("phone"):
        return None
    others = [
        one.label
        for reading in scene.readable
        for one in pairs_of(reading)
        if roles.PHONE.match(one.value)
    ]
    party = role.zh if scene.chinese else role.en
    return _lacks(scene, say("phone_of", scene.chinese, party=party), others)


def _price(scene: Scene, part: Part) -> Reply | None:
    if part.fields not in ((), ("amount",)) or not SPENT.search(part.text) or part.by_rule:
        return None
    if any(facts.kind_of(one) in PRICED for one in scene.readable):
        return None
    pairs = [one for reading in scene.readable for one in pairs_of(reading)]
    if any(PRICE.search(one.key) and any(map(str.isdigit, one.value)) for one in pairs):
        return None
    lines = [line.text for reading in scene.readable for line in reading.lines]
    if not lines or any(PRICE.search(text) or A_PRICE.fullmatch(text.strip()) for text in lines):
        return None
    return _lacks(scene, say("price", scene.chinese), [])


def _weight(scene: Scene, part: Part) -> Reply | None:
    if part.fields != ("weight",) or part.by_rule or scene.known.values("weight"):
        return None
    return _lacks(scene, called("weight", scene.chinese), [])


def _party(scene: Scene, part: Part) -> Reply | None:
    """Whoever did something, where no line speaks of such a person."""
    asked = roles.asked(part.text)
    if asked is None or asked[1] is not Sort.NAME or asked[0].key in roles.OF_PARCEL:
        return None
    role, readings = asked[0], scene.readable
    if (
        part.fields
        or not WHO.search(part.text)
        or any(facts.kind_of(one) == "other" and is_prose(one) for one in readings)
    ):
        return None
    if role.key == "signer" and any(map(states.stands, readings)):
        return None  # where the parcel is tells more
    if any(role.asks.search(line.text) for one in readings for line in one.lines):
        return None
    pairs = [one for reading in readings for one in pairs_of(reading)]
    if any(role.label.match(one.key) and BEARER.search(one.key) for one in pairs):
        return None  # a longer label names such a person: 开单医生
    if any(roles.held_by(one, role) for one in readings):
        return None
    return _lacks(scene, role.zh if scene.chinese else role.en, [])


def _lacks(scene: Scene, name: str, others: list[str]) -> Reply:
    chinese = scene.chinese
    near = joined([f"“{plain(one)}”" for one in dict.fromkeys(others)], chinese)
    text = say("lacks", chinese, name=name)
    text += say("has_instead", chinese, names=near, name=name) if near else ""
    return Reply(sentence([text], chinese), "clarify")
