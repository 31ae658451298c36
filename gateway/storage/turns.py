"""Questions and answers as they come: a question opens two turns, its answer fills the second.

Masking and everything else that needs no database comes first (`question_row`, `answer_row`), so
that a transaction holds nothing but its statements. `open_all` and `close_all` write many rows in
one transaction.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, delete, select

from gateway.errors import NotFound
from gateway.privacy.masked_json import masked_json
from gateway.privacy.redacted_readings import masked_readings
from gateway.privacy.redaction import mask
from gateway.privacy.storable import storable
from gateway.storage.answer_facts import Measured, facts_of
from gateway.storage.column_types import storable_json
from gateway.storage.database import Database
from gateway.storage.field_values import StoredValue, keep_values, masked_value
from gateway.storage.models import Turn, TurnFile
from gateway.storage.owners import digest, no_conversation, person_digest, unused_files
from gateway.storage.turn_statements import TurnStatements, turn_statements

State = Literal["done", "stopped", "failed"]
TITLE_CHARACTERS = 40
MAX_TEXT = 200_000  # characters of one turn; an engine's context holds less
MAX_MODEL = 256  # characters of its name


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


@dataclass(frozen=True, slots=True)
class Opened:
    """A stored question. `removed_answers`, `removed_files`: what `replaces` removed: answers that
    may still be written, and files that no turn uses any more.
    """

    turn_id: str
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


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer as it is stored: masked. `citations` to `grounding`, `tools` and `actions` are
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
    facts: dict[str, Any]  # columns that figures are made of
    characters: int


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
    )


def answer_row(answer_id: str, answered: Answered) -> AnswerRow:
    """Takes time with the length of the text and the readings, up to seconds."""
    text = cut(answered.text)
    citations = storable_json(answered.citations)
    reading = storable_json(masked_readings(answered.reading))
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
        facts=facts_of(
            answered.owner,
            answered.citations,
            answered.tools,
            answered.reading,
            answered.grounding,
            answered.measured,
        ),
        characters=len(text) + len(citations) + len(reading) + len(tools),
    )


def _masked_grounding(grounding: dict[str, Any] | None) -> dict[str, Any] | None:
    if grounding is None:
        return None
    return {**grounding, "unsupported": [mask(text) for text in grounding["unsupported"]]}


def open_all(database: Database, questions: Sequence[QuestionRow]) -> list[Opened | NotFound]:
    """Stores questions of different conversations, each with an empty answer, in one transaction.

    NotFound stands for a question whose conversation is another owner's. Raises StoreUnavailable,
    and InvalidRequest where the database cannot hold one of them: then none is stored.
    """
    statements = turn_statements(database.is_sqlite)
    with database.connected() as connection:
        foreign = _take_conversations(connection, statements, questions)
        mine = [one for one in questions if one.conversation_id not in foreign]
        removed = {one.turn_id: _remove_from(connection, one) for one in mine if one.replaces}
        _insert(connection, statements, mine, database.writer)
        keep_values(database, connection, {one.conversation_id: one.corrections for one in mine})
        opened = {
            turn_id: Opened(turn_id, answers, unused_files(connection, owner, files))
            for turn_id, (owner, answers, files) in removed.items()
        }
    return [
        no_conversation(one.conversation_id)
        if one.conversation_id in foreign
        else opened.get(one.turn_id) or Opened(one.turn_id)
        for one in questions
    ]


def _take_conversations(
    connection: Connection, statements: TurnStatements, questions: Sequence[QuestionRow]
) -> frozenset[str]:
    """Makes the conversations or locks them, so that two tabs that ask at once wait for each other.

    Returns the ids of those that are another owner's.
    """
    moment = now()
    rows = _json(
        {
            "id": one.conversation_id,
            "owner": one.owner,
            "person": one.person,
            "title": title_of(one.text),
            "moment": moment,
        }
        for one in questions
    )
    if connection.execute(statements.take_conversations, rows).rowcount == len(questions):
        return frozenset()
    return frozenset(connection.scalars(statements.foreign_conversations, rows))


def _remove_from(
    connection: Connection, question: QuestionRow
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Removes the turn that the question replaces, and all after it. None may be there any more.

    Returns (owner, answers that were being written, files of the removed turns).
    """
    here = Turn.conversation_id == question.conversation_id
    first = connection.scalar(select(Turn.number).where(here, Turn.id == question.replaces))
    if first is None:
        return question.owner, (), ()
    gone = (here, Turn.number >= first)
    answers = connection.scalars(select(Turn.id).where(*gone, Turn.state == "writing")).all()
    files = connection.scalars(
        select(TurnFile.file_id).join(Turn, Turn.number == TurnFile.turn_number).where(*gone)
    ).all()
    connection.execute(delete(Turn).where(*gone))
    return question.owner, tuple(answers), tuple(files)


def _insert(
    connection: Connection,
    statements: TurnStatements,
    questions: Sequence[QuestionRow],
    writer: str,
) -> None:
    moment = now()
    turns: list[dict[str, Any]] = []
    for one in questions:
        shared = {"conversation": one.conversation_id, "moment": moment}
        turns += (
            {"id": one.turn_id, "role": "user", "state": "done", "text": one.text, **shared},
            {
                "id": one.answer_id,
                "role": "assistant",
                "state": "writing",
                "text": "",
                "writer": writer,
                **shared,
            },
        )
    if turns:
        rows = _json({"place": place, **turn} for place, turn in enumerate(turns))
        connection.execute(statements.insert_turns, rows)
    files = [
        {"turn": one.turn_id, "place": place, "file": file_id}
        for one in questions
        for place, file_id in enumerate(one.file_ids)
    ]
    if files:
        connection.execute(statements.insert_files, _json(files))


def close_all(
    database: Database,
    answers: Sequence[AnswerRow],
    announce: Callable[[Connection], None] | None = None,
) -> None:
    """Fills the turns of the answers, in one transaction; skips those whose turn is gone.
    `announce` writes its events in the same one.

    Raises StoreUnavailable, and InvalidRequest where the database cannot hold one of them: then
    none is filled.
    """
    statements = turn_statements(database.is_sqlite)
    moment = now()
    rows = _json(
        {
            "id": one.answer_id,
            "state": one.state,
            "text": one.text,
            "model": one.model,
            "degraded": one.degraded,
            "citations": one.citations,
            "reading": one.reading,
            "suggestions": one.suggestions,
            "grounding": one.grounding,
            "outcome": one.outcome,
            "tools": one.tools,
            "actions": one.actions,
            **one.facts,
            "moment": moment,
        }
        for one in answers
    )
    with database.connected() as connection:
        connection.execute(statements.touch_conversations, rows)
        connection.execute(statements.fill_turns, rows)
        if announce is not None:
            announce(connection)


def _json(rows: Any) -> dict[str, str]:
    return {"rows": orjson.dumps(list(rows)).decode()}


def title_of(masked: str) -> str:
    return " ".join(masked.split())[:TITLE_CHARACTERS]
