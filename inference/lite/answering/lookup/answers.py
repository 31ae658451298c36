"""The answer that a picture's own words give to a question: the value whose label, column or row is
nearest to it in words and meaning, and is of the sort that is asked for."""

import re
from dataclasses import dataclass

from inference.lite.answering import contracts, facts, values
from inference.lite.answering.extracts import shared
from inference.lite.answering.facts import Fact
from inference.lite.answering.field_words import FIELDS
from inference.lite.answering.lookup import concepts, spans, tallies, whole_lists
from inference.lite.answering.lookup.cards import cards
from inference.lite.answering.lookup.computed import told as computed
from inference.lite.answering.lookup.entries import (
    Entry,
    entries_of,
    is_prose,
    messages_of,
    sentences_of,
)
from inference.lite.answering.lookup.ranking import WHICH_ROW, Found, best
from inference.lite.answering.lookup.sorts import CAUSE, NUMBERED, OPEN, Sort, asked, is_named_so
from inference.lite.answering.markdown import plain
from inference.lite.answering.pairs import MARKS
from inference.lite.answering.phrases import joined, say, sentence
from inference.lite.answering.questions import Part, Want
from inference.lite.answering.reply import Reply
from inference.lite.answering.scene import Scene
from inference.lite.field_text import plain as plain_text
from inference.lite.reading import Field, Line, Reading

# Scores from which a value answers; answers a question that sounds like one for a rule of the
# company; and answers better than anything else.
CAUSED, IN_PROSE, FAIR, OF_PAST, DOUBTFUL, SURE = 0.2, 0.33, 0.4, 0.5, 0.7, 0.85
RULE = re.compile(
    r"怎么|如何|咋|能|可以|可不|会不会|要不要|一般|通常|规定|政策|吗\W*$"
    r"|\b(?:can|could|should|do i|do you|would|policy|how do)\b",
    re.IGNORECASE,
)
SAID = 0.6  # score from which a sentence of a contract is sure
APART = 0.25  # score by which an amount is nearer than a field
OF_RULES = re.compile(
    r"退|换|赔|保修|质保|维修|[运邮]费|包邮|申请|积分|会员|优惠券|refund|return|warranty|shipping|exchange|cancel|repair",
    re.IGNORECASE,
)
LASTED = re.compile(r"多久|多长时间|几个?(?:小时|分钟)|\bhow long\b", re.IGNORECASE)
FAIR_CARD, APART_CARD = 0.1, 0.05  # one of the cards is asked for
MAX_CARD = 200  # characters
# What has happened is no rule: 退到哪张卡了.
PAST = re.compile(r"[了过]|\b(?:did|was|were|has|have)\b", re.IGNORECASE)
INCLUDED = re.compile(r"^incl(?:udes|uding|\.)?\s", re.IGNORECASE)  # VAT at 20%
MAX_VALUE = 40  # characters of a value that is said behind its label; a longer one is quoted


@dataclass(frozen=True, slots=True)
class Told:
    """`is_exact`: it is sure; for a question that names a field, also of further words of it.
    `is_whole`: it answers all of the question. `is_named`: the question says in its own words what
    its label says."""

    reply: Reply
    is_exact: bool
    is_whole: bool = False
    is_named: bool = False


def told(scene: Scene, part: Part) -> Told | None:
    """None where nothing on the question's own pictures comes near it."""
    tops: list[tuple[list[Found], Reading]] = []
    for reading in scene.readable:
        if worked_out := _computed(scene, part, reading):
            text = sentence([worked_out], scene.chinese)
            return Told(Reply(text), is_exact=True, is_whole=True)
        entries = _entries(scene, part.text, reading)
        whole = _of_all(scene, part, entries, reading)
        if whole:
            return Told(Reply(sentence([whole], scene.chinese)), is_exact=True)
        ranked = best(_reworded(part.text, reading), entries, scene.meaning, scene.budget)
        tops += [(ranked, reading)] if ranked else []
    if not tops:
        return None
    ranked, reading = max(tops, key=lambda one: one[0][0].score)
    top = ranked[0]
    if top.score < _least(scene, part):
        return None
    is_exact = _is_of_more(part, ranked, top) if part.fields else top.score >= SURE
    if asks_why(part) and not top.entry.label:
        return Told(Reply(_causes(scene, ranked)), is_exact)
    is_named = _is_named(part, top.entry)
    is_exact = is_exact or (is_named and not top.entry.row) or _says_so(part, top, reading)
    return Told(Reply(_text(scene, part.text, top.entry, reading)), is_exact, is_named=is_named)


def _reworded(question: str, reading: Reading) -> str:
    return contracts.in_its_words(question, reading) if reading.kind == "contract" else question


def _says_so(part: Part, top: Found, reading: Reading) -> bool:
    """Whether a sentence of a contract has what the question means in other words."""
    if top.entry.label or reading.kind != "contract" or top.score < SAID:
        return False
    return concepts.names(top.entry.value, concepts.meant(part.text))


def _is_named(part: Part, entry: Entry) -> bool:
    """Whether a label is what papers print for the question's words."""
    opens = OPEN.search(part.text) and not NUMBERED.search(part.text)
    if not entry.label or entry.field == "error_code" or opens or asks_why(part):
        return False
    return concepts.names(entry.label, concepts.meant(part.text))


def _causes(scene: Scene, ranked: list[Found]) -> str:
    """The sentences that give a cause, two at most."""
    near = [one.entry for one in ranked if not one.entry.label][:2]
    quotes = joined([f"“{plain(one.value)}”" for one in near], scene.chinese)
    return sentence([say("shown_text", scene.chinese, lines=quotes)], scene.chinese)


def of_cards(scene: Scene, part: Part) -> Reply | None:
    """The one of several parcels or orders that a question asks for, in the picture's words: for
    "which one", and for what the next part asks of that one."""
    which = next((one for one in scene.parts if WHICH_ROW.search(one.text)), None)
    if which is None or (part is not which and part.want not in (Want.ARRIVAL, Want.STATE)):
        return None
    listed = [card for reading in scene.readable for card in cards(reading)]
    entries = [Entry("", text, Line(text), whole=text) for text in listed]
    ranked = best(which.text, entries, scene.meaning, scene.budget)
    second = ranked[1].score if len(ranked) > 1 else 0.0
    if not ranked or ranked[0].score < max(FAIR_CARD, second + APART_CARD):
        return None
    shown = f"“{plain(ranked[0].entry.value[:MAX_CARD])}”"
    return Reply(sentence([say("shown_text", scene.chinese, lines=shown)], scene.chinese))


def _of_all(scene: Scene, part: Part, entries: list[Entry], reading: Reading) -> str:
    """What is told of several values together."""
    every = " ".join(one.text for one in scene.parts)
    lasted = spans.told(entries, scene.chinese) if LASTED.search(part.text) else ""
    return (
        lasted
        or whole_lists.told(part.text, entries, reading, scene.chinese)
        or tallies.told(part.text, every, entries, scene.chinese)
    )


def _computed(scene: Scene, part: Part, reading: Reading) -> str:
    """What is worked out from the picture; not from values that a person has corrected."""
    if scene.known.corrections.fields or any(one.corrected for one in reading.fields):
        return ""
    return computed.told(part.text, reading, scene.chinese, scene.budget)


def _least(scene: Scene, part: Part) -> float:
    """The score that a value needs. What a chat or a contract says is no rule of the company's."""
    if asked(part.text) is Sort.REASON:
        return CAUSED  # what gives a cause is one
    if _are_prose(scene):
        return IN_PROSE
    if not part.by_rule:
        return FAIR
    if RULE.search(part.text):
        return SURE
    if not OF_RULES.search(part.text):
        return FAIR
    return OF_PAST if PAST.search(part.text) else DOUBTFUL


def asks_why(part: Part) -> bool:
    return asked(part.text) is Sort.REASON


def are_written(scene: Scene) -> bool:
    """Whether all pictures are sentences, of chats and contracts."""
    return all(facts.kind_of(one) in values.WRITTEN for one in scene.readable)


def _are_prose(scene: Scene) -> bool:
    return all(facts.kind_of(one) in values.WRITTEN or is_prose(one) for one in scene.readable)


def _entries(scene: Scene, question: str, reading: Reading) -> list[Entry]:
    if facts.kind_of(reading) == "chat":
        return messages_of(question, reading, scene.budget)
    entries = entries_of(reading, scene.chinese, scene.budget)
    known = {plain_words(one.label + one.value) for one in entries} | {
        plain_words(one.label) for one in entries
    }
    every = sentences_of(reading, scene.budget)
    if asked(question) is Sort.REASON:
        every = [one for one in every if CAUSE.search(one.value)]
        entries = [one for one in entries if is_named_so(one.label, Sort.REASON)]
    return [*entries, *(one for one in every if plain_words(one.value) not in known)]


def plain_words(text: str) -> str:
    return MARKS.sub("", plain_text(text))


def _is_of_more(part: Part, ranked: list[Found], top: Found) -> bool:
    """Whether a value is of words of the question that name no field of the reader, or is an amount
    that is nearer to it by far than any field."""
    entry, rest = top.entry, part.text
    for words in FIELDS.values():
        rest = words.asks.sub(" ", rest)
    is_row = bool(entry.whole) and WHICH_ROW.search(part.text) is not None
    if entry.field:
        return False  # rules know the reader's fields
    if (entry.label or is_row) and shared(f"{entry.whole} {entry.label}", rest):
        return True
    fields = max((one.score for one in ranked if one.entry.field), default=0.0)
    is_apart = bool(entry.label) and top.score - fields >= APART
    return is_apart and part.fields == ("amount",)


def _text(scene: Scene, question: str, entry: Entry, reading: Reading) -> str:
    chinese = scene.chinese
    if not entry.label or len(entry.value) > MAX_VALUE:
        said = f"{entry.label}：{entry.value}" if entry.label else entry.value
        return sentence([say("shown_text", chinese, lines=f"“{plain(said)}”")], chinese)
    known = [one for one in reading.fields if (one.name, one.value) == (entry.field, entry.value)]
    label = INCLUDED.sub("", entry.label)
    if entry.row:
        label = f"{entry.row}的{label}" if chinese else f"{label} of {entry.row}"
    line = entry.line
    field = Field("printed", entry.value, line.box, line.confidence, None, label)
    fact = Fact(known[0] if known else field, facts.kind_of(reading))
    return values.told_facts(question, [fact], scene.known, chinese)
