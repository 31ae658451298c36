"""The reply to one part of a question."""

import re
from dataclasses import replace

from inference.lite.answering import (
    clauses,
    codes,
    facts,
    helping,
    papers,
    printed,
    settling,
    showing,
    states,
    values,
)
from inference.lite.answering.extracts import MAX_TEXT, may_tell
from inference.lite.answering.lookup import answers
from inference.lite.answering.phrases import joined, say, sentence
from inference.lite.answering.printed_words import TABLE as PRINTED
from inference.lite.answering.questions import (
    ASKING,
    LATE,
    LONG_NUMBER,
    OWN,
    REFUNDED,
    WHICH,
    Part,
    Want,
    is_generic,
    is_pure,
    simplified,
)
from inference.lite.answering.reply import Reply, together
from inference.lite.answering.scene import Scene
from inference.lite.reading import Reading

PARCELS = ("waybill", "order")  # these arrive
# Says what is wrong, and asks for nothing that a paper could say.
COMPLAINT = re.compile(
    r"[错坏破丢漏没]|不对|了\W*$|n't\b|\b(?:is|was|are|were|not|never|yet|wrong|broken|missing)\b",
    re.IGNORECASE,
)
NUMBERS = ("waybill_number", "order_number")
# These stand on a customer's own paper, and in no clause.
ON_PAPER = {
    *NUMBERS,
    "number",
    "invoice_number",
    "invoice_code",
    "transaction_number",
    "error_code",
}


def reply(scene: Scene, part: Part) -> Reply:
    """What rules find, else what the pictures' own words say; the other way round where these are
    sure."""
    if scene.known.own and (card := answers.of_cards(scene, part)):
        return card
    if part.single and _needs_each(scene, part):
        return together([reply(scene, one) for one in part.single])
    if settled := settling.reply(scene, part):
        return settled
    found = answers.told(scene, part) if _may_look_up(scene, part) else None
    if found and found.is_whole:
        return found.reply
    is_error = any(facts.kind_of(one) == "error" for one in scene.readable)
    if is_error and found and not found.is_named and not answers.asks_why(part):
        found = None  # what the error is, and what to do, is told by its code
    if is_error and found and found.is_named:
        return found.reply
    is_told = _knows(scene, part.fields) or not answers.are_written(scene)
    is_better = found and (found.is_exact or not is_told) and not _leads_by_rule(scene, part)
    if found and is_better and len(part.fields) < 2:
        return found.reply
    made = _by_rules(scene, part)
    stands = part.want is Want.STATE and states.told(part.text, scene.known, scene.chinese)
    if not found or stands or _is_told(made):
        return made
    if not is_error:
        return found.reply
    # What a code means and what to do comes first; else what the page itself says of the cause.
    if made.citations:
        return made
    shown = [one for each in scene.readable for one in codes.in_picture(each, scene.clauses).codes]
    told = [Reply(say("code_is", scene.chinese, code=one)) for one in shown[:1]]
    return together([found.reply, *told])


def _needs_each(scene: Scene, part: Part) -> bool:
    """Whether fields that are asked for one after the other are looked for one by one."""
    if not all(_may_look_up(scene, one) for one in part.single):
        return False
    known = all(map(scene.known.values, part.fields))
    found = [answers.told(scene, one) for one in part.single]
    return any(one.is_exact for one in found if one) or not known


def _may_look_up(scene: Scene, part: Part) -> bool:
    """Whether a part asks its own pictures for something: not how to do it."""
    if not scene.known.own or part.want is Want.SUMMARY:
        return False
    return not _complains(part)


def _leads_by_rule(scene: Scene, part: Part) -> bool:
    """Whether rules come first: where a parcel is, and what an error's code means."""
    kinds = [facts.kind_of(one) for one in scene.readable]
    return "error" in kinds or (
        part.want is Want.ARRIVAL and bool(set(PARCELS).intersection(kinds))
    )


def _complains(part: Part) -> bool:
    return bool(COMPLAINT.search(part.text)) and not ASKING.search(part.text)


def _is_told(made: Reply) -> bool:
    """Whether rules have found the answer on the pictures."""
    return made.outcome == "answered" and not made.citations


def _by_rules(scene: Scene, part: Part) -> Reply:
    """Says "no_clause" or asks back where nothing serves."""
    if scan := states.scan_of(part.text, scene.known, scene.chinese):
        return Reply(scan)
    if part.want is Want.HELP and not scene.served and LATE.search(part.text):
        return _state(scene, part)
    if part.want is Want.HELP and not part.by_rule and _knows(scene, part.fields):
        return _values(scene, part)
    if part.want is Want.HELP and _is_printed(scene, part):
        return _values(scene, part)
    if part.want is Want.HELP and _names_label(scene, part):
        return _values(scene, replace(part, fields=("printed",)))
    if part.want is Want.VALUES and not _knows(scene, part.fields) and _asks_printed(part):
        shown = is_generic(part.text)
        return showing.reply(scene, part) if shown else helping.reply(scene, part)
    replies = {
        Want.VALUES: _values,
        Want.STATE: _state,
        Want.ARRIVAL: _arrival,
        Want.WORDS: _words,
        Want.SUMMARY: showing.reply,
        Want.HELP: helping.reply,
    }
    return replies[part.want](scene, part)


def _knows(scene: Scene, fields: tuple[str, ...]) -> bool:
    """Whether pictures show a field that a part names among other words."""
    return bool(scene.known.pictures) and any(scene.known.values(name) for name in fields)


def is_shown(scene: Scene, part: Part) -> bool:
    """Whether a part asks for values that the pictures show: no system knows them better."""
    asks = part.want is Want.VALUES or (part.want is Want.HELP and _is_printed(scene, part))
    if asks and bool(scene.readable) and _knows(scene, part.fields):
        return True
    may = _may_look_up(scene, part) and bool(ASKING.search(part.text))
    found = answers.told(scene, part) if may else None
    return found is not None and found.is_exact


def shown(scene: Scene, part: Part) -> str:
    """What the pictures say to a part, "" where they do not answer it."""
    if not scene.readable or part.want is Want.SUMMARY or _complains(part):
        return ""
    made = reply(scene, part)
    if part.want is Want.WORDS and made == _words(scene, part):
        return ""
    is_partly = part.want is Want.VALUES and not _knows(scene, part.fields)
    return made.text if _is_told(made) and not is_partly else ""


def _asks_printed(part: Part) -> bool:
    return all(name in PRINTED for name in part.fields)


def _is_printed(scene: Scene, part: Part) -> bool:
    """Whether the question's own pictures print what a part asks the value of, though the company
    may have a rule about it too: 运费多少, beside an order."""
    names = tuple(name for name in part.fields if name in PRINTED)
    asks = _asks_own(scene, part) or ("amount_in_words" in names and bool(scene.known.own))
    return asks and _knows(scene, names)


def _names_label(scene: Scene, part: Part) -> bool:
    """Whether a part asks for the value behind a label that its own pictures have."""
    return _asks_own(scene, part) and any(
        printed.named_by(part.text, one) for one in scene.readable
    )


def _asks_own(scene: Scene, part: Part) -> bool:
    """Whether a part asks what something is, beside pictures of its own; not how to do it."""
    asks = WHICH.search(part.text) and not clauses.HOW.search(part.text)
    return bool(asks and scene.known.own)


def _values(scene: Scene, part: Part) -> Reply:
    text, missing = values.told(part.text, part.fields, scene.known, scene.chinese)
    lines = _sentences(scene, part) if missing else ""
    if lines:
        text, _ = values.told(
            part.text, part.fields, scene.known, scene.chinese, with_missing=False
        )
        return Reply(" ".join(filter(None, [text, lines])))
    if text and len(missing) < len(part.fields):
        if "error_code" not in part.fields:
            return Reply(text)
        remedies = list(filter(None, [_remedy(scene, one, part) for one in scene.readable]))
        # A clause that begins with the code says it already.
        is_said = part.fields == ("error_code",) and any(one.citations for one in remedies)
        return together([*([] if is_said else [Reply(text)]), *remedies])
    if not scene.known.pictures:
        tells = _may_tell(scene, part)
        if not tells and (part.wants_picture or ON_PAPER.intersection(part.fields)):
            return scene.asking.for_("ask_picture")
        return helping.reply(scene, part) if tells or not scene.clauses else scene.refused()
    if not scene.readable or any(one.partial for one in scene.known.pictures):
        return scene.unread(missing)
    is_other = not is_pure(part.text) and not part.wants_picture and not scene.known.own
    if scene.clauses and is_other:
        return scene.from_clauses(part)
    return scene.asking.for_("ask_field", names=joined(missing, scene.chinese))


def _sentences(scene: Scene, part: Part) -> str:
    """What chats and contracts among the pictures say to a question whose field they lack."""
    written = [
        one for one in scene.readable if facts.kind_of(one) in values.WRITTEN and not one.partial
    ]
    asked = part.text.split() if scene.chinese else [part.text]  # merged parts: one by one
    told = [
        papers.lines_about(text, one, scene.chinese, scene.budget)
        for one in written
        for text in asked
    ]
    return " ".join(dict.fromkeys(filter(None, told)))


def _may_tell(scene: Scene, part: Part) -> bool:
    """Whether a clause may hold the value that is asked for. One that is near in meaning, but has
    no word of the question and no number of the kind, does not."""
    texts = (simplified(clauses.whole(one)[:MAX_TEXT]) for one in scene.clauses)
    by_number = not ON_PAPER.intersection(part.fields)
    return any(may_tell(part.text, text, by_number=by_number) for text in texts)


def _remedy(scene: Scene, reading: Reading, part: Part) -> Reply | None:
    found = codes.in_picture(reading, scene.clauses)
    if found.known:
        return codes.told(found, part.text, scene.chinese, scene.budget)
    if found.codes:
        return Reply(say("unknown_code", scene.chinese, code=found.codes[0]))
    return None


def _state(scene: Scene, part: Part) -> Reply:
    if scene.readable and all(facts.kind_of(one) == "contract" for one in scene.readable):
        return helping.reply(scene, part)
    told = states.told(part.text, scene.known, scene.chinese)
    if told:
        # How long a refund takes stands beside how it stands.
        is_done = told.startswith(states.REFUND.yes)
        rule = scene.clauses and not is_done and REFUNDED.search(part.text)
        return together([Reply(told), *([scene.from_clauses(part)] if rule else [])])
    if scene.clauses and REFUNDED.search(part.text):
        return helping.reply(scene, part)
    follow = "ask_tracking" if states.is_of_parcel(part.text) else "ask_state"
    if scene.readable:
        shown = [papers.told(one, scene.chinese) for one in scene.readable]
        return together([Reply(" ".join(shown), "clarify"), scene.asking.for_(follow)])
    if scene.known.pictures:
        return scene.unread([])
    if scene.clauses and not OWN.search(part.text):
        return helping.reply(scene, part)
    has_number = bool(LONG_NUMBER.search(part.text)) or any(map(scene.known.values, NUMBERS))
    return scene.asking.for_(follow if has_number else "ask_number")


def _arrival(scene: Scene, part: Part) -> Reply:
    """Where the parcel is, and what the company says of delivery; never a date of arrival."""
    told = [
        states.estimated(one, scene.chinese)
        or sentence(
            [say("no_arrival", scene.chinese) + states.latest(one, scene.chinese)], scene.chinese
        )
        for one in scene.readable
        if states.stands(one)
        or states.estimated(one, scene.chinese)
        or facts.kind_of(one) == "waybill"
    ]
    if not told:
        return scene.from_clauses(part) if scene.clauses else _state(scene, part)
    return together([*map(Reply, told), *([scene.from_clauses(part)] if scene.clauses else [])])


def _words(scene: Scene, part: Part) -> Reply:
    if scene.readable:
        return together([Reply(papers.words_of(one, scene.chinese)) for one in scene.readable])
    if scene.known.pictures:
        return scene.unread([])
    return helping.reply(scene, part) if scene.clauses else scene.asking.for_("ask_picture")
