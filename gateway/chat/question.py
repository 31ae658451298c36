"""One question as the routes hand it to the turn, and what a turn finds out about it."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from gateway.assistant.field_corrections import CorrectedField
from gateway.assistant.handoff_offers import NO_PAST, Past
from gateway.observability import tracing
from gateway.observability.spans import OFF, Span
from gateway.openai.chat_request import ChatRequest
from gateway.server.request_context import Caller


def new_answer_id() -> str:
    return "answer-" + secrets.token_urlsafe(15)


def do_nothing() -> None:
    pass


@dataclass(slots=True)
class Question:
    request: ChatRequest
    caller: Caller
    charged_to: str  # whose turn it is in queues: the caller who is counted by the rate limits
    assistant: bool  # false: the raw model
    started: float = field(default_factory=time.perf_counter)  # when the request came
    answer_id: str = field(default_factory=new_answer_id)
    conversation: dict[str, Any] | None = None  # {id, turn} of a question of the page
    corrections: tuple[CorrectedField, ...] = ()  # of the fields of its pictures
    past: Past = NO_PAST
    affinity: str = ""  # questions with the same one share an engine's prefix cache
    release_body: Callable[[], None] = (
        do_nothing  # called when the request's pictures are no longer needed
    )


@dataclass(slots=True)
class TurnReport:
    """What a turn finds out for the log line and the response's head, filled while it runs."""

    timings: dict[str, float] = field(default_factory=dict)  # seconds by stage, for Server-Timing
    model: str = ""  # that answered
    images: int = 0
    prompt_tokens: int = 0  # of all rounds, as the next one
    completion_tokens: int = 0
    first_token_seconds: float | None = None
    knowledge_version: str = ""  # that the assistant's answer is made from

    def timing(self, stage: str) -> "Timing":
        """Measures its block, which is a span of the trace as well."""
        return Timing(self.timings, stage, tracing.span(stage))

    def timing_alone(self, stage: str) -> "Timing":
        """Measures its block, for what has a span of its own."""
        return Timing(self.timings, stage, OFF)


class Timing:
    """Adds the seconds that its block takes to a stage's. `span` has begun and ends with it."""

    __slots__ = ("_span", "_stage", "_started", "_timings")

    def __init__(self, timings: dict[str, float], stage: str, span: Span) -> None:
        self._timings = timings
        self._stage = stage
        self._span = span

    def __enter__(self) -> None:
        self._span.__enter__()
        self._started = time.perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._span.__exit__(kind, error, trace)
        spent = time.perf_counter() - self._started
        self._timings[self._stage] = self._timings.get(self._stage, 0.0) + spent


def affinity_of(request: ChatRequest, session_id: str) -> str:
    """`x-session-id`, else a digest of the messages up to the user's first: the answer to it is not
    there yet in a conversation's first turn."""
    if session_id:
        return session_id[:128]
    until = next(
        (number for number, message in enumerate(request.messages, 1) if message.role == "user"), 1
    )
    first = "\0".join(message.text[:2000] for message in request.messages[:until])
    return hashlib.blake2b(first.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
