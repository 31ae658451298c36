"""The events of one answer. They are made once: by `event_parser` from the engine's bytes, and by
the turn for what the gateway adds. Writers turn them into a stream, a JSON body, or history.

The engine's chunks keep the bytes that they came in (`raw`, the blank line at the end included): a
stream passes those on unchanged. `raw` is empty where nobody writes them
(`EventParser(whole=True)`).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.assistant.handoff_offers import Reason
from gateway.errors import GatewayError


@dataclass(frozen=True, slots=True)
class AnswerStarted:
    """The first event of every answer."""

    answer_id: str
    conversation: dict[str, Any] | None  # {id, turn}; None on `/v1`, which stores nothing


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """Requests before this one, for the reader or an engine; 0: admitted."""

    position: int


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read in the question's pictures, in their order (docs/architecture.md, "The reader
    seam")."""

    readings: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Citations:
    """The clauses that the answer rests on: {id, title, clause, text}, and of a correction `kind`,
    `author` and `date`. It comes once the answer is complete."""

    citations: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Clauses that the person may mean: {id, title, clause}."""

    suggestions: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Grounding:
    """Whether every claim of the answer is in its sources, and those that are nowhere."""

    supported: bool
    unsupported: list[str]


@dataclass(frozen=True, slots=True)
class ToolProgress:
    """A read of the company's systems as it runs. `title`: in the language of the question.
    `status`: running, done or failed. `result`: {values, text} once it is done, {reason} where it
    failed; None while it runs. `arguments`: what is asked, without secret ones."""

    id: str  # the same in all events of one call
    name: str
    title: str
    status: str
    result: dict[str, Any] | None = None
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionProposed:
    """A write that waits for a person's word: the action as `GET /api/actions/{id}` gives it."""

    action: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """answered, clarify, no_clause, smalltalk or handoff."""

    outcome: str


@dataclass(frozen=True, slots=True)
class HandoffOffered:
    """The answer offers a person, for one of `handoff_offers.REASONS`. `rule`: the id of the rule
    that holds; history keeps it, nobody else is told."""

    reason: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class HandoffState:
    """The conversation's hand-over as it is: {id, number, status, assignee}."""

    handoff: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What `lite` says that it did (docs/architecture.md, "The engine seam"): its outcome, and the
    ids of the clauses that it used. Writers do not write it. `reason`: the gateway's own, where it
    has ended the answer and offers a person."""

    outcome: str
    citations: list[str]
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Degraded:
    """No engine could be asked: the fallback answers."""


@dataclass(frozen=True, slots=True)
class CompletionStarted:
    """Comes before the first chunk of every round. `fields` are that chunk's top-level ones,
    without `choices`, `usage` and `object`: id, created, model, …"""

    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Chunks that came in one read and only add text: their text, joined, and the bytes of each."""

    text: str
    raw: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Any other chunk with choices, parsed: a role, reasoning, log probabilities, …"""

    body: dict[str, Any]
    raw: bytes
    text: str  # of the first choice; mostly empty


@dataclass(frozen=True, slots=True)
class ToolCallDelta(Chunk):
    """A chunk with a piece of a tool call."""


@dataclass(frozen=True, slots=True)
class FinishReason(Chunk):
    """The chunk that says why a choice ends, without a tool call in it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The chunk without choices that counts tokens."""

    body: dict[str, Any]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Unknown:
    """A comment, or what is no chunk of a chat completion: passed on as it came."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """The engine's [DONE]: the answer is whole. Nothing comes after it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer ends here, in its middle. Nothing comes after it."""

    error: GatewayError


Event = (
    AnswerStarted
    | QueuePosition
    | Readings
    | Citations
    | Suggestions
    | Grounding
    | ToolProgress
    | ActionProposed
    | Outcome
    | HandoffOffered
    | HandoffState
    | EngineReport
    | Degraded
    | CompletionStarted
    | TextDelta
    | Chunk
    | Usage
    | Unknown
    | Finished
    | Failed
)
# Takes events in order, at once. Returns an awaitable only where the taker is full: the caller
# awaits it before it hands on more.
Push = Callable[[Sequence[Event]], Awaitable[None] | None]


async def tell(push: Push, event: Event) -> None:
    """Hands on one event, and waits until it is taken."""
    held = push((event,))
    if held is not None:
        await held
