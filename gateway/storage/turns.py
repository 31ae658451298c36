"""Questions and answers as they come: a question opens two turns, its answer fills the second.

Masking and everything else that needs no database comes first (`question_row`, `answer_row`), so
that a transaction (turn_writes.py) holds nothing but its statements.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from sqlalchemy import Connection

from gateway.privacy.masked_json import masked_json
from gateway.privacy.redacted_readings import masked_readings
from gateway.privacy.redaction import mask
from gateway.privacy.storable import storable
from gateway.storage.answer_facts import Measured, facts_of
from gateway.storage.before_question import NOTHING, Before
from gateway.storage.column_types import storable_json
from gateway.storage.field_values import StoredValue, masked_value
from gateway.storage.owners import digest, person_digest
from gateway.storage.titles import Document, document_of

State = Literal["done", "stopped", "failed"]
MAX_TEXT = 200_000  # characters of one turn; an engine's context holds less
MAX_MODEL = 256  # characters of its name
# Called with a message in a claimed conversation: its id, {id, role, text, files, created_at}.
Heard = Callable[[Connection, str, dict[str, Any]], None]
# Called with the ids of answers that were stored as stopped.
Announce = Callable[[Connection, frozenset[str]], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, unmasked. `replaces`: the turn that goes, with all that came after it."""

    owner: str
    conversation_id: str
    answer_id: str
    text: str
    file_ids: tuple[str, ...] = ()
    replaces: str = ""
    corrections: tuple[StoredValue, ...] = ()
    person: str = ""  # the name that the owner signed in with
    is_new: bool = False  # nobody knows the conversation's id yet


@dataclass(frozen=True, slots=True)
class Opened:
    """A stored question. `removed_answers`, `removed_files`: what `replaces` removed: answers that
    may still be written, and files that no turn uses any more. `before`: what the conversation
    held; where it is claimed, the question got no answer's turn.
    """

    turn_id: str
    before: Before = NOTHING
    removed_answers: tuple[str, ...] = ()
    removed_files: tuple[str, ...] = ()


@dataclass(slots=True)
class Answered:
    """What came of a question, unmasked."""

    state: State
    text: str = ""
    model: str | None = None
    degraded: bool = False
    citations: list[dict[str, Any]] = field(default_factory=list)
    reading: list[dict[str, Any]] = field(default_factory=list)
    suggestions: list[dict[str, Any]] = field(default_factory=list)
    grounding: dict[str, Any] | None = None  # {supported, unsupported}
    outcome: str | None = None
    tools: list[dict[str, Any]] = field(default_factory=list)  # {id, name, title, status, result}
    actions: list[str] = field(default_factory=list)  # ids of those that it proposed
    offer: dict[str, str] | None = None  # {reason, rule}: why it offers a person
    owner: str = ""
    measured: Measured = field(default_factory=Measured)
    knowledge_version: str | None = None  # that it is made from
    is_unseen: bool = False  # it is not streamed: nobody has seen a part of it yet


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question as it is stored: masked, and its owner a digest."""

    owner: str
    person: str | None
    conversation_id: str
    turn_id: str
    answer_id: str
    text: str
    file_ids: tuple[str, ...]
    replaces: str
    corrections: tuple[StoredValue, ...] = ()
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer as it is stored: masked. `citations` to `grounding` and `tools` to `offer` are
    JSON."""

    answer_id: str
    state: State
    text: str
    model: str | None
    degraded: bool
    citations: orjson.Fragment
    reading: orjson.Fragment
    suggestions: orjson.Fragment
    grounding: orjson.Fragment
    outcome: str | None
    tools: orjson.Fragment
    actions: orjson.Fragment
    offer: orjson.Fragment
    is_unseen: bool
    document: Document | None  # in its question's pictures
    facts: dict[str, Any]  # columns that figures are made of
    characters: int
    knowledge_version: str | None = None


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def cut(text: str) -> str:
    """The text masked, then cut to MAX_TEXT characters.

    Masking sees a few characters more: it does not know half a phone number as one.
    """
    return mask(text[: MAX_TEXT + 64])[:MAX_TEXT]


def question_row(asked: Asked) -> QuestionRow:
    """Takes time with the length of the text, up to half a second."""
    return QuestionRow(
        owner=digest(asked.owner),
        person=person_digest(asked.person) if asked.person else None,
        conversation_id=storable(asked.conversation_id),
        turn_id="turn-" + secrets.token_urlsafe(12),
        answer_id=storable(asked.answer_id),
        text=cut(asked.text),
        file_ids=tuple(map(storable, asked.file_ids)),
        replaces=storable(asked.replaces),
        corrections=tuple(map(masked_value, asked.corrections)),
        is_new=asked.is_new,
    )


def answer_row(answer_id: str, answered: Answered) -> AnswerRow:
    """Takes time with the length of the text and the readings, up to seconds."""
    text = cut(answered.text)
    citations = storable_json(answered.citations)
    readings = masked_readings(answered.reading)
    reading = storable_json(readings)
    tools = storable_json(masked_json(answered.tools) or None)
    return AnswerRow(
        answer_id=storable(answer_id),
        state=answered.state,
        text=text,
        model=storable(answered.model[:MAX_MODEL]) if answered.model else None,
        degraded=answered.degraded,
        citations=orjson.Fragment(citations),
        reading=orjson.Fragment(reading),
        suggestions=orjson.Fragment(storable_json(answered.suggestions)),
        grounding=orjson.Fragment(storable_json(_masked_grounding(answered.grounding))),
        outcome=answered.outcome,
        tools=orjson.Fragment(tools),
        actions=orjson.Fragment(storable_json(answered.actions or None)),
        offer=orjson.Fragment(storable_json(answered.offer)),
        is_unseen=answered.is_unseen,
        document=document_of(readings),
        facts=facts_of(
            digest(answered.owner) if answered.owner else "",
            answered.citations,
            answered.tools,
            answered.reading,
            answered.grounding,
            answered.measured,
        ),
        characters=len(text) + len(citations) + len(reading) + len(tools),
        knowledge_version=answered.knowledge_version,
    )


def _masked_grounding(grounding: dict[str, Any] | None) -> dict[str, Any] | None:
    if grounding is None:
        return None
    return {**grounding, "unsupported": [mask(text) for text in grounding["unsupported"]]}
