"""What is known of the assistant's answer at its end: the clauses that it used, whether its claims
are in its sources, and what came of the question. Told as events before the last one."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import structlog

from gateway.assistant.briefing import Briefing
from gateway.assistant.cited import by_ids, used_clauses
from gateway.assistant.grounding import QUICK_CHARACTERS, Checked, Sources, check, sources_of
from gateway.assistant.handoff_offers import NO_PAST, Asked, Past, offer_for
from gateway.assistant.language import language_of
from gateway.assistant.outcomes import OUTCOMES, outcome_of
from gateway.chat.engine_messages import is_of_staff
from gateway.chat.engine_request import EngineInput
from gateway.chat.events import (
    Chunk,
    Citations,
    CompletionStarted,
    EngineReport,
    Event,
    Finished,
    Grounding,
    HandoffOffered,
    HandoffState,
    Outcome,
    Push,
    Suggestions,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from gateway.chat.own_text import first_text, stop
from gateway.observability.metrics import Metrics

log = structlog.get_logger()
GroundingMode = Literal["off", "flag", "strict"]
PUBLIC = ("id", "title", "clause", "text")
OF_CORRECTION = ("kind", "author", "date")
CONTENT = (TextDelta, Chunk, Usage)


@dataclass(frozen=True, slots=True)
class Judged:
    """`used`: the clauses that the answer rests on. `checked`: None where nobody looked."""

    used: list[dict[str, Any]]
    outcome: str
    checked: Checked | None


class AnswerEnd:
    """Takes an answer's events and hands them on, with what it adds before `Finished`.

    In mode `strict` the text is held back until it is checked; the refusal stands in for one that
    is not supported. JSON and calls of tools are never replaced.
    """

    def __init__(
        self, push: Push, mode: GroundingMode, metrics: Metrics, past: Past = NO_PAST
    ) -> None:
        """`past`: what came before in the conversation."""
        self._push = push
        self._past = past
        self._mode = mode
        self._metrics = metrics
        self._given: EngineInput | None = None
        self._texts: list[str] = []
        self._held: list[Event] = []
        self._head: dict[str, Any] = {}
        self._report: EngineReport | None = None
        self._calls_tools = False

    def rests_on(self, given: EngineInput) -> None:
        """What the engine is told, before each of its rounds, and at last what its tools did."""
        self._given = given
        self._report = None

    def push(self, events: Sequence[Event]) -> Awaitable[None] | None:
        if self._mode != "strict" and len(events) == 1 and isinstance(events[0], TextDelta):
            self._texts.append(events[0].text)  # nearly every call
            return self._push(events)
        passed = [event for event in events if not self._take(event)]
        if events and isinstance(events[-1], Finished):
            return self._finish(passed)
        return self._push(passed) if passed else None

    def _take(self, event: Event) -> bool:
        """Notes the event. Whether it is kept here."""
        match event:
            case TextDelta() | Chunk():
                self._texts.append(event.text)
                self._calls_tools |= isinstance(event, ToolCallDelta)
            case CompletionStarted(fields):
                self._head = fields
            case EngineReport():
                self._report = event
                return True
        if self._mode == "strict" and isinstance(event, CONTENT):
            self._held.append(event)
            return True
        return False

    def _finish(self, passed: list[Event]) -> Awaitable[None] | None:
        if self._given is None:
            return self._push(passed)
        text, sources = "".join(self._texts), _sources(self._given)
        if len(text) + sources.characters <= QUICK_CHARACTERS:
            return self._push(self._ended(passed, self._judged(self._given, text, sources)))
        return self._finish_in_thread(passed, self._given, text, sources)

    async def _finish_in_thread(
        self, passed: list[Event], given: EngineInput, text: str, sources: Sources
    ) -> None:
        judged = await asyncio.to_thread(self._judged, given, text, sources)
        held = self._push(self._ended(passed, judged))
        if held is not None:
            await held

    def _judged(self, given: EngineInput, text: str, sources: Sources) -> Judged:
        """A fault of the check costs the check, never the answer."""
        used, outcome = self._result(given, text)
        checked = None
        if self._mode != "off":
            try:
                checked = check(text, sources)
            except Exception:
                log.exception("grounding_failed")
        return Judged(used, outcome, checked)

    def _ended(self, passed: list[Event], judged: Judged) -> list[Event]:
        """All that is left to tell, `Finished` last."""
        assert self._given is not None
        briefing = self._given.briefing
        used, outcome, checked = judged.used, judged.outcome, judged.checked
        content = self._held
        is_wrong = checked is not None and not checked.supported
        if is_wrong:
            self._metrics.ungrounded.inc()
        # A model's answer that rests on nothing is the refusal too, whatever its words.
        rests_on_nothing = outcome == "no_clause" and self._report is None
        if self._mode == "strict" and (is_wrong or rests_on_nothing) and self._may_replace():
            content = self._refusal(self._given)
            used, outcome, checked = [], "no_clause", Checked()
        self._metrics.outcomes.labels(outcome).inc()
        ending: list[Event] = [Citations([_public(clause) for clause in used])]
        if briefing.suggestions and not used:
            ending.append(Suggestions(briefing.suggestions))
        if checked is not None:
            ending.append(Grounding(checked.supported, checked.unsupported))
        ending += self._offer(self._given, outcome)
        return [*passed[:-1], *content, *ending, Outcome(outcome), passed[-1]]

    def _result(self, given: EngineInput, text: str) -> tuple[list[dict[str, Any]], str]:
        """(the clauses that the answer used, what came of the question)."""
        briefing = given.briefing
        if self._report is not None and self._report.outcome in OUTCOMES:
            return by_ids(self._report.citations, briefing.clauses), self._report.outcome
        if self._calls_tools:
            return [], "answered"
        used = used_clauses(text, briefing.clauses)
        has_evidence = bool(given.attachments.readings or given.attachments.fitted)
        has_evidence |= bool(briefing.actions)
        has_evidence |= any(result.status == "done" for result in given.offer.results)
        has_evidence |= any(message.role == "tool" for message in given.request.messages)
        return used, outcome_of(text, briefing, used, has_evidence=has_evidence)

    def _offer(self, given: EngineInput, outcome: str) -> list[Event]:
        """A person, where the answer offers one; the hand-over that waits, where one is wished."""
        if self._past.handoff is not None:
            is_wished = outcome == "handoff"
            return [HandoffState(self._past.handoff)] if is_wished else []
        request, attachments = given.request, given.attachments
        own, results = attachments.newest(request.messages), given.offer.results
        asked = Asked(request.question, own, attachments.readings, results)
        reason = self._report.reason if self._report is not None else None
        offer = offer_for(asked, given.briefing, outcome, self._past, reason)
        return [HandoffOffered(offer.reason, offer.rule)] if offer is not None else []

    def _may_replace(self) -> bool:
        assert self._given is not None
        form = self._given.request.response_format
        return not self._calls_tools and (form is None or form.type == "text")

    def _refusal(self, given: EngineInput) -> list[Event]:
        """The refusal in place of the text that was held back, and the usage as it was."""
        asked = [one.text for one in given.request.messages if one.role == "user"]
        text = given.briefing.persona.refusal[language_of(asked)]
        usage = [event for event in self._held if isinstance(event, Usage)]
        return [first_text(self._head, text), stop(self._head), *usage]


def _sources(given: EngineInput) -> Sources:
    """What the answer may rest on. A client's own system message, what staff have written and what
    the desk itself says are known to the person or true; earlier answers are not a source."""
    briefing: Briefing = given.briefing
    waiting = [str(briefing.handoff["number"])] if briefing.handoff is not None else []
    states = [f"{' '.join(one['title'].values())} {one['text']}" for one in briefing.actions]
    said = [
        one.text
        for one in given.request.messages
        if one.role != "assistant" or is_of_staff(one, given.request)
    ]
    results = [f"{one.said}\n{' '.join(one.title.values())}" for one in given.offer.results]
    own = [text for texts in briefing.persona.for_lite().values() for text in texts.values()]
    titles = [f"{one.get('title')} {one.get('clause')}" for one in briefing.suggestions]
    numbers = [{"clause": one.get("clause", "")} for one in briefing.suggestions]
    return sources_of(
        [*briefing.clauses, *numbers],
        given.attachments.readings,
        [*said, *results, *titles, *waiting, *states],
        own,
    )


def _public(clause: dict[str, Any]) -> dict[str, Any]:
    shown = {name: clause[name] for name in PUBLIC}
    if clause.get("kind") == "correction":
        shown |= {name: clause.get(name) for name in OF_CORRECTION}
    return shown
