"""The next step of a turn with tools: calls, one question back, or an answer in words."""

from dataclasses import replace

from inference.lite.answering.acting.arguments import Filled, Source
from inference.lite.answering.acting.choosing import before
from inference.lite.answering.acting.offers import Offer, Result, offered, results
from inference.lite.answering.acting.planning import (
    MAX_BACK,
    Plan,
    Step,
    calls_of,
    planned,
    question_for,
)
from inference.lite.answering.acting.two_wishes import two_wishes
from inference.lite.answering.acting.verdicts import says_no
from inference.lite.conversation import Conversation
from inference.lite.desk import Desk

MAX_WISHES = 400  # characters of a message in which a second wish is looked for


def step(conversation: Conversation) -> Step:
    """What to do now. A step without calls and without a question leaves the turn to words."""
    desk = conversation.desk or Desk()
    offers, done = offered(desk), results(desk)
    if not offers:
        return Step()
    plan, later = _first_of_two(conversation, offers) or (None, None)
    plan = plan or planned(conversation, offers, MAX_BACK)
    if plan.write is not None:
        made = _towards(plan, offers, done, conversation.chinese)
        return replace(made, instead=plan.instead, later=later)
    if done:
        return Step()
    return plan.as_step(conversation.chinese)


def _first_of_two(conversation: Conversation, offers: list[Offer]) -> tuple[Plan, Filled] | None:
    """The plan for the first of two changes that one message wishes, and the second one. None
    where the message is one wish."""
    question, last = conversation.question[:MAX_WISHES], conversation.last_user
    if not conversation.turns or conversation.turns[-1] is not last:
        return None
    for end, start in two_wishes(question):
        plans = []
        for text in (question[:end], question[start:]):
            turns = [*conversation.turns[:-1], replace(last, text=text, fields=None)]
            alone = Conversation(turns, conversation.desk, conversation.budget)
            plans.append(planned(alone, offers, 0))
        first, second = (plan.write for plan in plans)
        if first is None or second is None or first.missing:
            continue
        if not (_is_given(first) and _is_given(second)):
            continue
        same = (first.offer.name, first.arguments) == (second.offer.name, second.arguments)
        return None if same else (plans[0], second)
    return None


def _is_given(write: Filled) -> bool:
    """Whether the message itself gives what a write is about."""
    return bool(write.values) and write.source is Source.QUESTION


def _towards(plan: Plan, offers: list[Offer], done: list[Result], chinese: bool) -> Step:
    """The read that comes first, then the write, unless the read failed or says no."""
    write = plan.write
    assert write is not None
    if any(one.name == write.offer.name for one in done):
        return Step(write=write)
    if not done and (read := before(write, offers, plan.known)) is not None:
        return Step(calls_of(read)[:1], write=write)
    if any(one.status in ("failed", "refused") for one in done):
        return Step(write=write)
    refusal = next((one for one in done if says_no(one.values, write.offer.acts)), None)
    if refusal is not None:
        return Step(write=write, refusal=refusal)
    ask = question_for(write, chinese)
    if ask:
        return Step(ask=ask, write=write)
    if write.missing:
        return Step()
    return Step([{"name": write.offer.name, "arguments": write.arguments}], write=write)
