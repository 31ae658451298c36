"""What an answer's end tells: the clauses that it used, what is unsupported, what came of it."""

from collections.abc import Awaitable, Sequence
from typing import Any

import pytest

from gateway.assistant.briefing import Briefing
from gateway.assistant.cited import references, used_clauses
from gateway.assistant.handoff_offers import Past
from gateway.assistant.persona import Persona
from gateway.chat.answer_end import AnswerEnd, GroundingMode
from gateway.chat.engine_request import EngineInput
from gateway.chat.events import (
    Citations,
    CompletionStarted,
    EngineReport,
    Event,
    Finished,
    FinishReason,
    Grounding,
    HandoffOffered,
    Outcome,
    Suggestions,
    TextDelta,
    Usage,
)
from gateway.chat.openai_json import CompletionWriter
from gateway.media.attachments import Attachments
from gateway.observability.metrics import Metrics
from gateway.openai.chat_request import ChatRequest

RETURNS = {
    "id": "r",
    "title": "Returns",
    "clause": "3.2",
    "text": "Goods go back within 7 days of receipt, unopened and complete.",
    "kind": "clause",
    "score": 0.9,
}
HOURS = {
    "id": "h",
    "title": "Hours",
    "clause": "",
    "text": "At weekends we close at 21:30.",
    "kind": "correction",
    "author": "anna",
    "date": "2026-11-29",
}
END = FinishReason({"choices": [{"delta": {}, "finish_reason": "stop"}]}, b"end", "")
USAGE = Usage({"choices": [], "usage": {"prompt_tokens": 3}}, b"usage")
HEAD = CompletionStarted({"id": "c", "created": 1, "model": "m"})


async def told(
    text: str,
    mode: GroundingMode = "flag",
    *,
    briefing: Briefing | None = None,
    asked: str = "How long?",
    report: EngineReport | None = None,
    metrics: Metrics | None = None,
    past: Past | None = None,
    **request: Any,
) -> list[Event]:
    """All events of an answer that comes word by word."""
    events: list[Event] = []

    def push(more: Sequence[Event]) -> Awaitable[None] | None:
        events.extend(more)
        return None

    end = AnswerEnd(push, mode, metrics or Metrics("0", "cpu"), past or Past())
    chat = ChatRequest.model_validate(
        {"model": "m", "messages": [{"role": "user", "content": asked}], **request}
    )
    found = briefing or Briefing("question", "answer", [RETURNS, HOURS])
    end.rests_on(EngineInput(chat, Attachments(), assistant=True, briefing=found))
    words: list[list[Event]] = [[TextDelta(word + " ", (b"x",))] for word in text.split(" ")]
    last = [report] if report else []
    batches: list[list[Event]] = [
        [HEAD],
        *words,
        [END, USAGE, *last, Finished()],
    ]
    for batch in batches:
        held = end.push(batch)
        if held is not None:
            await held
    return events


def only(events: list[Event], kind: type[Any]) -> Any:
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


async def test_a_models_references_become_citations_before_the_end() -> None:
    events = await told("Within 7 days [1].")
    assert [type(event) for event in events[-6:]] == [
        FinishReason,
        Usage,
        Citations,
        Grounding,
        Outcome,
        Finished,
    ]
    assert only(events, Citations).citations == [
        {name: RETURNS[name] for name in ("id", "title", "clause", "text")}
    ]
    assert only(events, Outcome).outcome == "answered"
    (correction,) = only(await told("Until 21:30 [2] [9]."), Citations).citations
    assert (correction["kind"], correction["author"]) == ("correction", "anna")


async def test_what_lite_reports_is_what_counts() -> None:
    report = EngineReport("clarify", ["h", "unknown"])
    events = await told("Which one? [1]", report=report)
    assert [one["id"] for one in only(events, Citations).citations] == ["h"]
    assert only(events, Outcome).outcome == "clarify"
    assert not any(isinstance(event, EngineReport) for event in events)


async def test_an_unsupported_claim_is_named_and_counted() -> None:
    metrics = Metrics("0", "cpu")
    events = await told("Within 30 days [1].", metrics=metrics)
    assert only(events, Grounding) == Grounding(False, ["30 days"])
    assert b"sightdesk_ungrounded_total 1.0" in metrics.render()
    assert not any(isinstance(event, Grounding) for event in await told("30 days", "off"))


async def test_strict_holds_the_answer_back_and_puts_the_refusal_in_its_place() -> None:
    events = await told("Within 30 days [1].", "strict")
    assert not any(isinstance(event, TextDelta) for event in events)
    writer = CompletionWriter()
    writer.push(events)
    completion = writer.completion()
    assert completion["choices"][0]["message"]["content"] == Persona().refusal["en"]
    assert completion["choices"][0]["finish_reason"] == "stop"
    assert completion["usage"] == {"prompt_tokens": 3}
    assert only(events, Outcome).outcome == "no_clause"
    assert only(events, Citations).citations == []


async def test_strict_refuses_what_rests_on_nothing() -> None:
    events = await told("The founder is a fine person.", "strict", briefing=Briefing())
    writer = CompletionWriter()
    writer.push(events)
    said = writer.completion()["choices"][0]["message"]["content"]
    assert said == Persona().refusal["en"]
    assert only(events, Grounding).supported


async def test_strict_lets_a_supported_answer_and_json_pass() -> None:
    for text, form in (("Within 7 days [1].", "text"), ('{"days": 30}', "json_object")):
        events = await told(text, "strict", response_format={"type": form})
        assert "".join(one.text for one in events if isinstance(one, TextDelta)).strip() == text


async def test_strict_checks_long_answers_in_a_thread_and_keeps_their_order() -> None:
    text = "Within 7 days [1]. " * 2_000
    events = await told(text, "strict")
    assert isinstance(events[-1], Finished)
    assert only(events, Grounding).supported


@pytest.mark.parametrize(
    ("text", "briefing", "outcome"),
    [
        ("You are welcome.", Briefing("smalltalk_thanks"), "smalltalk"),
        ("I am the assistant.", Briefing("who"), "smalltalk"),
        ("Of course.", Briefing("person"), "handoff"),
        (Persona().refusal["en"], Briefing(), "no_clause"),
        ("Paris.", Briefing(), "no_clause"),
        ("Which order is it?", Briefing(), "clarify"),
        ("I am sorry to hear that.", Briefing("anger"), "handoff"),
        (RETURNS["text"], Briefing("question", "answer", [RETURNS]), "answered"),
    ],
)
async def test_the_outcome_of_a_models_answer(text: str, briefing: Briefing, outcome: str) -> None:
    assert only(await told(text, briefing=briefing), Outcome).outcome == outcome


async def test_suggestions_are_told_where_no_clause_was_used() -> None:
    near = [{"id": "r", "title": "Returns", "clause": "3.2"}]
    events = await told(
        "Do you mean Returns 3.2?", briefing=Briefing("question", "suggest", [], near)
    )
    assert only(events, Suggestions).suggestions == near
    assert only(events, Outcome).outcome == "clarify"
    assert only(events, Grounding).supported


def test_references_are_read_in_any_brackets_and_not_in_code() -> None:
    assert references("a [1], b【2】 c ［3］ [1]\n```\nx[4]\n```\n[见 5] [2026]") == [1, 2, 3]


def test_an_answer_without_references_used_the_clauses_that_it_repeats() -> None:
    other = {**RETURNS, "id": "o", "text": "Invoices are sent by e-mail after three working days."}
    answer = "Yes: goods go back within 7 days of receipt, unopened and complete."
    assert [one["id"] for one in used_clauses(answer, [other, RETURNS])] == ["r"]
    assert used_clauses("No idea.", [other, RETURNS]) == []


async def test_an_offer_of_a_person_stands_before_the_outcome() -> None:
    events = await told("Of course.", briefing=Briefing("person"))
    assert [type(event) for event in events[-3:]] == [HandoffOffered, Outcome, Finished]
    assert only(events, HandoffOffered).reason == "asked"
    refused = Persona().refusal["en"]
    assert not any(isinstance(one, HandoffOffered) for one in await told(refused))
    again = await told(refused, briefing=Briefing(), past=Past(was_no_clause=True))
    assert only(again, HandoffOffered).reason == "no_clause"


async def test_the_gateways_own_reason_to_offer_a_person_is_told() -> None:
    report = EngineReport("handoff", [], "loop")
    assert only(await told("I give up.", report=report), HandoffOffered).reason == "loop"
