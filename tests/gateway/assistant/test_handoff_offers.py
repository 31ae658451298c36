"""When an answer offers a person, and for what reason."""

import pytest

from gateway.assistant.briefing import Briefing
from gateway.assistant.handoff_offers import (
    ANGER,
    NO_PAST,
    Asked,
    HandoffOffer,
    Past,
    Reason,
    offer_for,
)
from gateway.assistant.intents import Intent
from gateway.assistant.persona import Persona, read_persona
from gateway.assistant.tool_results import Status, ToolResult

NAMED, _ = read_persona("[[handoff]]\nwhen = {words = ['投诉']}")
assert NAMED is not None
RULE = NAMED.handoffs[0].id


def result(status: Status) -> ToolResult:
    return ToolResult("call_0", "track_parcel", {"zh": "查询物流"}, {}, status)


def offered(
    outcome: str,
    intent: Intent = "question",
    *,
    text: str = "怎么退货",
    past: Past = NO_PAST,
    statuses: tuple[Status, ...] = (),
    reason: Reason | None = None,
) -> HandoffOffer | None:
    asked = Asked(text, results=[result(one) for one in statuses])
    assert NAMED is not None
    return offer_for(asked, Briefing(intent, persona=NAMED), outcome, past, reason)


def test_a_wish_for_a_person_is_met() -> None:
    assert offered("handoff", "person") == HandoffOffer("asked")


def test_the_second_answer_in_a_row_without_a_clause_offers_a_person() -> None:
    assert offered("no_clause") is None
    assert offered("no_clause", past=Past(was_no_clause=True)) == HandoffOffer("no_clause")
    assert offered("answered", past=Past(was_no_clause=True)) is None


@pytest.mark.parametrize(
    ("statuses", "outcome", "is_offered"),
    [
        (("failed",), "handoff", True),
        (("done", "failed"), "answered", True),
        (("refused",), "handoff", True),
        (("refused",), "clarify", False),
        (("done",), "answered", False),
        (("proposed",), "answered", False),
    ],
)
def test_a_failed_tool_offers_a_person(
    statuses: tuple[Status, ...], outcome: str, is_offered: bool
) -> None:
    expected = HandoffOffer("action") if is_offered else None
    assert offered(outcome, statuses=statuses) == expected


def test_the_end_of_the_tool_loop_and_a_question_that_was_asked_before_are_a_loop() -> None:
    assert offered("handoff", reason="loop") == HandoffOffer("loop")
    assert offered("handoff") == HandoffOffer("loop")


def test_anger_and_a_rule_of_the_company_offer_a_person() -> None:
    assert offered("handoff", "anger") == HandoffOffer("rule", ANGER)
    assert offered("answered", "anger") == HandoffOffer("rule", ANGER)
    assert offered("answered", text="我要投诉") == HandoffOffer("rule", RULE)


def test_a_rule_rests_after_its_hand_over_was_resolved_and_the_others_do_not() -> None:
    rested = Past(resting=frozenset((RULE, ANGER)))
    assert offered("answered", text="我要投诉", past=rested) is None
    assert offered("handoff", "anger", past=rested) is None
    assert offered("handoff", "person", past=rested) == HandoffOffer("asked")


def test_what_led_to_a_hand_over_rests_after_it_was_resolved() -> None:
    rested = Past(was_no_clause=True, resting=frozenset(("no_clause", "loop", "action")))
    assert offered("no_clause", past=rested) is None
    assert offered("handoff", reason="loop", past=rested) is None
    assert offered("answered", statuses=("failed",), past=rested) is None
    assert offered("answered", text="我要投诉", statuses=("failed",), past=rested) == HandoffOffer(
        "rule", RULE
    )
    assert offered("no_clause", past=Past(True, resting=frozenset(("asked",)))) is not None


def test_nothing_is_offered_while_a_hand_over_waits() -> None:
    intents: tuple[Intent, ...] = ("person", "anger", "question")
    for intent in intents:
        assert offered("handoff", intent, past=Past(handoff={"number": 1234})) is None


def test_ordinary_answers_offer_nothing() -> None:
    assert offered("answered") is None
    assert offered("clarify") is None
    assert offered("smalltalk", "smalltalk_thanks") is None
    assert Persona().handoffs == ()
