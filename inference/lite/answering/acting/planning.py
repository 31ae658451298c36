"""What a turn with tools comes to before its results are looked at: the write that it wishes, or
the reads that answer."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from inference.lite.answering import again
from inference.lite.answering.acting import unwished
from inference.lite.answering.acting.arguments import Filled, Known
from inference.lite.answering.acting.choosing import Turn, before, reads_for, remedy_for, write_for
from inference.lite.answering.acting.offers import Offer, Result
from inference.lite.answering.acting.wishes import Aim, wish_of
from inference.lite.answering.asking import FIRST_SENTENCE
from inference.lite.answering.codes import in_question
from inference.lite.answering.facts import Facts
from inference.lite.answering.phrases import joined, say
from inference.lite.answering.questions import ASKING, parts_of
from inference.lite.conversation import Conversation
from inference.lite.conversation import Turn as Said
from inference.lite.desk import Desk
from inference.lite.field_text import plain

MAX_ASKED = 2  # values that one question back asks for
MAX_BACK = 3  # questions back in a row that are followed
PUTS_RIGHT = re.compile(
    r"不对|不是|错|应该|应当|应为|正确|更正|改[成为到]|\bwrong\b|\bsorry\b|\bactually\b|\bi meant?\b|\bcorrect\b"
    r"|\bshould be\b|\bmistake\b|^\W{0,3}no\b|\boops\b|\bnot\b"
)


@dataclass(frozen=True)
class Step:
    """`calls`: [{name, arguments}] to make now. `ask`: the question back, as a phrase and its
    values. `write`: the write that the turn wishes. `refusal`: the result that says it may not be.
    `instead`: the write stands in for one whose card still waits. `later`: a second write that the
    message wishes, which comes after this one.
    """

    calls: list[dict[str, Any]] = field(default_factory=list)
    ask: tuple[str, dict[str, Any]] | None = None
    write: Filled | None = None
    refusal: Result | None = None
    instead: bool = False
    later: Filled | None = None


@dataclass(frozen=True)
class Plan:
    """What a turn comes to before its results are looked at."""

    known: Known
    write: Filled | None = None
    reads: tuple[Filled, ...] = ()
    instead: bool = False  # of what an earlier card proposes

    def as_step(self, chinese: bool) -> Step:
        """The calls of the reads, or the question for what they miss."""
        missing = next((one for one in self.reads if one.missing), None)
        if missing:
            return Step(ask=question_for(missing, chinese))
        return Step([call for one in self.reads for call in calls_of(one)])

    def ask(self, chinese: bool) -> tuple[str, dict[str, Any]] | None:
        """The question back that this turn may end with."""
        if self.write is not None:
            return question_for(self.write, chinese)
        return self.as_step(chinese).ask

    def asked(self) -> Filled | None:
        """The tool that the question back is for."""
        return self.write or (self.reads[0] if self.reads else None)


def planned(conversation: Conversation, offers: list[Offer], back: int) -> Plan:
    desk = conversation.desk or Desk()
    facts = Facts(conversation)
    parts = parts_of(conversation.question)
    wish = wish_of(conversation.question, parts)
    by_clause = bool(desk.clauses) and desk.verdict != "suggest"
    turn = Turn(wish, parts, facts, by_clause, _names_code(conversation, facts))
    known = Known(conversation, facts.corrections.fields)
    write = write_for(turn, offers, known)
    reply = _put_right(conversation, offers, turn, write, back)
    if reply is not None:
        return reply
    reply = _replied(conversation, offers, turn, write, back)
    if reply is not None:
        return reply
    if unwished.is_once_more(turn.wish.text):
        looked = _looked_again(conversation, offers, known, back)
        if looked.reads:
            return looked
    if write is not None:
        is_instead = waits(conversation.turns) and PUTS_RIGHT.search(turn.wish.text)
        return Plan(known, write, instead=bool(is_instead))
    remedy = remedy_for(turn, offers, known)
    if remedy is not None and (remedy.missing or remedy.states_text):
        return Plan(known, remedy)
    if remedy is not None and (read := before(remedy, offers, known)) is not None:
        return Plan(known, None, (read,))
    return Plan(known, None, tuple(reads_for(turn, offers, known)))


def _names_code(conversation: Conversation, facts: Facts) -> bool:
    shown = (one.name for reading in facts.own for one in reading.fields)
    typed = in_question(conversation.question, [], conversation.budget).codes
    return "error_code" in shown or bool(typed)


def waits(turns: Sequence[Said]) -> str:
    """The phrase by which the last answer says that a proposal waits, "" if it does not."""
    said = next((one.text for one in reversed(turns) if one.role == "assistant"), "")
    phrases = ("waits_for_you", "waits_for_staff")
    return next((one for one in phrases if any(say(one, zh) in said for zh in (True, False))), "")


def _put_right(
    conversation: Conversation, offers: list[Offer], turn: Turn, write: Filled | None, back: int
) -> Plan | None:
    """The write of the last answer's card with the values that this message corrects; else None."""
    turns, question = conversation.turns, conversation.question
    if back == 0 or write is not None or not waits(turns) or turns[-1].role != "user":
        return None
    if not PUTS_RIGHT.search(plain(question)) or ASKING.search(question):
        return None
    at = max(at for at, one in enumerate(turns) if one.role == "assistant")
    desk = conversation.desk or Desk()
    desk = Desk(tools=desk.tools, locale=desk.locale)
    earlier = Conversation(turns[:at], desk, conversation.budget)
    carded = planned(again.meant(earlier), offers, back - 1).write
    if carded is None or carded.missing:
        return None
    wished = [one.text for one in turns[:at] if one.role == "user"][::-1][:back]
    known = Known(conversation, turn.facts.corrections.fields, (), wished)
    filled = known.filled(carded.offer)
    if filled is None or filled.missing or filled.arguments == carded.arguments:
        return None
    return Plan(known, filled, instead=True)


def _replied(
    conversation: Conversation, offers: list[Offer], turn: Turn, write: Filled | None, back: int
) -> Plan | None:
    """The plan of an earlier message that this one gives the missing value for; else None."""
    at = max(
        (at for at, one in enumerate(conversation.turns) if one.role == "assistant"), default=0
    )
    said = conversation.turns[at].text
    if not at or back == 0 or conversation.turns[-1].role != "user" or not _names(said, offers):
        return None
    desk = conversation.desk or Desk()
    desk = Desk(tools=desk.tools, locale=desk.locale)
    earlier = Conversation(conversation.turns[:at], desk, conversation.budget)
    plan = planned(earlier, offers, back - 1)
    chinese, asked = earlier.chinese, plan.asked()
    question = plan.ask(chinese)
    if question is None or asked is None or not _was_said(question, chinese, said):
        return None
    if write is not None and write.offer.name != asked.offer.name and not write.missing:
        return None
    if turn.wish.aim is not Aim.CHANGE and ASKING.search(conversation.question):
        return None
    if asked.offer.is_write and unwished.is_taken_back(plain(conversation.question)):
        return None
    # What an angry person writes is no text for a system; a number in it is taken still.
    is_angry = conversation.desk is not None and conversation.desk.intent == "anger"
    names = () if is_angry else _asked_for(asked)
    wished = [one.text for one in conversation.turns[:at] if one.role == "user"][::-1][:back]
    known = Known(conversation, turn.facts.corrections.fields, names, wished)
    filled = known.filled(asked.offer)
    if filled is None:
        return None
    return Plan(known, filled) if asked.offer.is_write else Plan(known, None, (filled,))


def _looked_again(conversation: Conversation, offers: list[Offer], known: Known, back: int) -> Plan:
    """The reads of the question before once more. A change is never made again: of it, only the
    look that came first."""
    turns = conversation.turns
    at = max((at for at, one in enumerate(turns) if one.role == "assistant"), default=0)
    desk = conversation.desk or Desk()
    desk = Desk(tools=desk.tools, locale=desk.locale)
    if not at or back == 0:
        return Plan(known)
    plan = planned(Conversation(turns[:at], desk, conversation.budget), offers, back - 1)
    if plan.write is None:
        return Plan(known, None, plan.reads)
    read = before(plan.write, offers, plan.known)
    return Plan(known, None, (read,) if read is not None else ())


def _names(text: str, offers: list[Offer]) -> bool:
    """Whether a text names a property of a tool, as a question back for it does."""
    labels = (
        offer.called(name, zh)
        for offer in offers
        for name in offer.properties
        for zh in (True, False)
    )
    return any(label in text for label in labels)


def _was_said(question: tuple[str, dict[str, Any]], chinese: bool, text: str) -> bool:
    first = FIRST_SENTENCE.search(say(question[0], chinese, **question[1]))
    return first is not None and first[0] in text


def calls_of(filled: Filled) -> list[dict[str, Any]]:
    """One call; of a read with one property, one for each value that the question names."""
    calls = [{"name": filled.offer.name, "arguments": filled.arguments}]
    for name, value in filled.values.items():
        if len(filled.values) == 1:
            calls += [{**calls[0], "arguments": {name: other}} for other in value.others[:2]]
    return calls


def _asked_for(filled: Filled) -> tuple[str, ...]:
    return filled.missing or tuple(filter(None, [filled.doubtful()]))


def question_for(filled: Filled, chinese: bool) -> tuple[str, dict[str, Any]] | None:
    """The phrase that asks for what is missing or not sure; None where nothing is, or too much."""
    offer = filled.offer
    if filled.missing:
        if len(filled.missing) > MAX_ASKED:
            return None
        names = [offer.called(name, chinese) for name in filled.missing]
        by_picture = all(name in offer.fields for name in filled.missing)
        phrase = "ask_shown_value" if by_picture else "ask_value"
        return phrase, {"names": joined(names, chinese)}
    name = filled.doubtful() if offer.is_write else ""
    if not name:
        return None
    value = filled.values[name]
    label = offer.called(name, chinese)
    if value.others:
        values = joined([str(one) for one in _first((value.value, *value.others))], chinese)
        return "ask_which", {"name": label, "values": values}
    return "ask_doubtful", {"name": label, "value": value.value}


def _first(values: Iterable[Any]) -> list[Any]:
    return list(values)[:4]
