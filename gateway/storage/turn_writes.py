"""The transactions that store questions and answers, many of them in one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import Connection, delete, or_, select

from gateway.errors import NotFound
from gateway.storage.before_question import NOTHING, Before, before_questions
from gateway.storage.database import Database
from gateway.storage.field_values import keep_values
from gateway.storage.models import Handoff, Turn, TurnFile
from gateway.storage.owners import no_conversation, unused_files
from gateway.storage.titles import name_conversations, title_of
from gateway.storage.turn_statements import TurnStatements, turn_statements
from gateway.storage.turns import (
    Announce,
    Answered,
    AnswerRow,
    Heard,
    Opened,
    QuestionRow,
    answer_row,
    now,
)

NEVER_SEEN = Answered("stopped")  # of an answer that nobody has seen a part of
# Turns of a hand-over: what staff say, and each of its steps.
OF_PEOPLE = or_(Turn.role == "staff", Turn.notice["type"].as_string() == "handoff")


def open_all(
    database: Database, questions: Sequence[QuestionRow], heard: Heard | None = None
) -> list[Opened | NotFound]:
    """Stores questions of different conversations, each with an empty answer, in one transaction.

    A question in a claimed conversation gets no answer; `heard` is called for it.
    NotFound stands for a question whose conversation is another owner's. Raises StoreUnavailable,
    and InvalidRequest where the database cannot hold one of them: then none is stored.
    """
    statements = turn_statements(database.is_sqlite)
    with database.connected() as connection:
        foreign = _take_conversations(connection, statements, questions)
        mine = [one for one in questions if one.conversation_id not in foreign]
        removed = {one.turn_id: _remove_from(connection, one) for one in mine if one.replaces}
        before = _before(connection, statements, mine)
        _insert(connection, statements, mine, before, database.writer)
        keep_values(database, connection, {one.conversation_id: one.corrections for one in mine})
        for one in mine:
            if heard is not None and before.get(one.conversation_id, NOTHING).claimed is not None:
                heard(connection, one.conversation_id, _message(one))
        removals = {
            turn_id: (answers, unused_files(connection, owner, files))
            for turn_id, (owner, answers, files) in removed.items()
        }
    return [
        no_conversation(one.conversation_id)
        if one.conversation_id in foreign
        else Opened(
            one.turn_id,
            before.get(one.conversation_id, NOTHING),
            *removals.get(one.turn_id, ((), ())),
        )
        for one in questions
    ]


def _message(question: QuestionRow) -> dict[str, Any]:
    """A question as events tell it."""
    return {
        "id": question.turn_id,
        "role": "user",
        "text": question.text,
        "files": [{"id": file_id} for file_id in question.file_ids],
        "created_at": now() // 1000,
    }


def _before(
    connection: Connection, statements: TurnStatements, questions: Sequence[QuestionRow]
) -> Mapping[str, Before]:
    """What the conversations hold. Nothing is asked of those whose id was made for the question."""
    rows = [{"id": one.conversation_id} for one in questions if not one.is_new]
    if not rows:
        return {}
    return before_questions(connection.execute(statements.before, _json(rows)))


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
    # What a person has said stays, and so does all that led to it.
    if connection.scalar(select(Turn.id).where(*gone, OF_PEOPLE).limit(1)) is not None:
        return question.owner, (), ()
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
    before: Mapping[str, Before],
    writer: str,
) -> None:
    moment = now()
    turns: list[dict[str, Any]] = []
    for one in questions:
        shared = {"conversation": one.conversation_id, "moment": moment}
        turns.append(
            {"id": one.turn_id, "role": "user", "state": "done", "text": one.text, **shared}
        )
        if before.get(one.conversation_id, NOTHING).claimed is None:
            answer = {"id": one.answer_id, "role": "assistant", "state": "writing", "text": ""}
            turns.append({**answer, "writer": writer, **shared})
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
    announce: Announce | None = None,
) -> dict[str, dict[str, Any]]:
    """Fills the turns of the answers, in one transaction; skips those whose turn is gone.
    `announce` writes its events in the same one.

    Returns the hand-overs {id, number, status, assignee} by the ids of answers that came to their
    end after a person had claimed the conversation. They are stored as stopped, with what the
    customer has seen of them.

    Raises StoreUnavailable, and InvalidRequest where the database cannot hold one of them: then
    none is filled.
    """
    statements = turn_statements(database.is_sqlite)
    rows = _answer_rows(answers)
    with database.connected() as connection:
        connection.execute(statements.touch_conversations, rows)
        filled = connection.execute(statements.fill_turns, rows).rowcount
        # Fewer where a turn is gone, or a claim has stopped it.
        late = _late(connection, answers) if filled < len(answers) else []
        if late:
            connection.execute(statements.fill_turns, _answer_rows(list(map(_stopped, late))))
        documents = {one.answer_id: one.document for one in answers if one.document is not None}
        if documents:
            name_conversations(connection, documents)
        claimed = _claimed(connection, late) if late else {}
        if announce is not None:
            announce(connection, frozenset(one.answer_id for one in late))
    return claimed


def _late(connection: Connection, answers: Sequence[AnswerRow]) -> list[AnswerRow]:
    """The complete answers whose turns a claim has stopped."""
    whole = [one.answer_id for one in answers if one.state == "done"]
    wanted = select(Turn.id).where(Turn.id.in_(whole), Turn.state == "stopped")
    stopped = frozenset(connection.scalars(wanted))
    return [one for one in answers if one.answer_id in stopped]


def _stopped(row: AnswerRow) -> AnswerRow:
    if row.is_unseen:
        return answer_row(row.answer_id, NEVER_SEEN)
    return replace(row, state="stopped")


def _claimed(connection: Connection, answers: Sequence[AnswerRow]) -> dict[str, dict[str, Any]]:
    """The claimed hand-overs of answers' conversations, by the answers' ids."""
    here = Turn.id.in_([one.answer_id for one in answers])
    wanted = (
        select(Turn.id, Handoff.id, Handoff.number, Handoff.assignee)
        .join(Handoff, Handoff.conversation_id == Turn.conversation_id)
        .where(here, Handoff.status == "claimed")
    )
    return {
        answer: {"id": name, "number": number, "status": "claimed", "assignee": assignee}
        for answer, name, number, assignee in connection.execute(wanted)
    }


def _answer_rows(answers: Sequence[AnswerRow]) -> dict[str, str]:
    moment = now()
    return _json(
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
            "offer": one.offer,
            **one.facts,
            "knowledge_version": one.knowledge_version,
            "moment": moment,
        }
        for one in answers
    )


def _json(rows: Any) -> dict[str, str]:
    return {"rows": orjson.dumps(list(rows)).decode()}
