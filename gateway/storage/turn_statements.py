"""SQL that writes many turns in one statement, whatever their number.

The rows come as one JSON array, so the text of a statement never changes: the database and its
driver keep it prepared. A driver's `executemany` runs a statement for each row, and on SQLite every
one of them gives up the interpreter's lock and waits for it again.
"""

from dataclasses import dataclass
from functools import cache

from sqlalchemy import TextClause, text

QUESTION = {"id": "text", "owner": "text", "person": "text", "title": "text", "moment": "bigint"}
TURN = {
    "place": "int",
    "id": "text",
    "conversation": "text",
    "role": "text",
    "state": "text",
    "text": "text",
    "moment": "bigint",
    "writer": "text",
}
FILE = {"turn": "text", "place": "int", "file": "text"}
ANSWER = {
    "id": "text",
    "state": "text",
    "text": "text",
    "model": "text",
    "degraded": "boolean",
    "citations": "json",
    "reading": "json",
    "suggestions": "json",
    "grounding": "json",
    "outcome": "text",
    "tools": "json",
    "actions": "json",
    "offer": "json",
    "subject_kind": "text",
    "subject": "text",
    "topic": "bigint",
    "is_ungrounded": "boolean",
    "first_token_ms": "bigint",
    "duration_ms": "bigint",
    "prompt_tokens": "bigint",
    "completion_tokens": "bigint",
    "knowledge_version": "text",
    "moment": "bigint",
}


# GIVEN is the table of rows; the locks are taken in the order of ids, so that two gateways never
# wait for each other.
TAKE_CONVERSATIONS = """
    INSERT INTO conversations (id, owner, person, title, created_at, updated_at)
    SELECT id, owner, person, title, moment, moment FROM GIVEN WHERE true ORDER BY id
    ON CONFLICT (id) DO UPDATE SET updated_at = excluded.updated_at,
        person = coalesce(excluded.person, conversations.person)
    WHERE conversations.owner = excluded.owner"""
FOREIGN_CONVERSATIONS = """
    SELECT given.id FROM GIVEN JOIN conversations ON conversations.id = given.id
    WHERE conversations.owner <> given.owner"""
BEFORE = """
    SELECT given.id AS conversation, newest.outcome, handoffs.id, handoffs.number, handoffs.status,
        handoffs.assignee, coalesce(nullif(handoffs.rule, ''), handoffs.reason)
    FROM GIVEN
    LEFT JOIN turns AS newest ON newest.number = (
        SELECT max(turns.number) FROM turns WHERE turns.conversation_id = given.id)
    LEFT JOIN handoffs ON handoffs.conversation_id = given.id"""
INSERT_TURNS = """
    INSERT INTO turns (id, conversation_id, role, state, text, created_at, writer, degraded,
                       is_ungrounded, citations, reading)
    SELECT id, conversation, role, state, text, moment, writer, false,
           CASE WHEN role = 'assistant' THEN false END, '[]', '[]'
    FROM GIVEN ORDER BY place"""
INSERT_FILES = """
    INSERT INTO turn_files (turn_number, place, file_id)
    SELECT turns.number, given.place, given.file FROM GIVEN JOIN turns ON turns.id = given.turn"""
TOUCH_CONVERSATIONS = """
    UPDATE conversations SET updated_at = mine.moment FROM (
        SELECT conversations.id, given.moment FROM GIVEN
        JOIN turns ON turns.id = given.id
        JOIN conversations ON conversations.id = turns.conversation_id LOCKED
    ) AS mine WHERE conversations.id = mine.id"""
FILL_TURNS = """
    UPDATE turns SET state = given.state, text = given.text, model = given.model, writer = NULL,
        degraded = given.degraded, citations = given.citations, reading = given.reading,
        suggestions = given.suggestions, grounding = given.grounding, outcome = given.outcome,
        tools = given.tools, actions = given.actions, offer = given.offer,
        subject_kind = given.subject_kind, subject = given.subject, topic = given.topic,
        is_ungrounded = given.is_ungrounded, first_token_ms = given.first_token_ms,
        duration_ms = given.duration_ms, prompt_tokens = given.prompt_tokens,
        completion_tokens = given.completion_tokens,
        knowledge_version = given.knowledge_version
    FROM GIVEN WHERE turns.id = given.id
    AND NOT (turns.state = 'stopped' AND given.state = 'done')"""


@dataclass(frozen=True, slots=True)
class TurnStatements:
    """Each takes `rows`, a JSON array of objects with the keys that are named here."""

    take_conversations: TextClause  # QUESTION; makes them, or locks those of the same owner
    foreign_conversations: TextClause  # QUESTION; the ids of those that are another owner's
    before: TextClause  # QUESTION; a row for each hand-over of a conversation, or one without
    insert_turns: TextClause  # TURN
    insert_files: TextClause  # FILE
    touch_conversations: TextClause  # ANSWER; locks the conversations before their turns
    fill_turns: TextClause  # ANSWER; but for complete ones that a claim has stopped


@cache
def turn_statements(is_sqlite: bool) -> TurnStatements:
    table = _in_sqlite if is_sqlite else _in_postgresql
    locked = "" if is_sqlite else "ORDER BY conversations.id FOR UPDATE"

    def made(statement: str, columns: dict[str, str]) -> TextClause:
        return text(statement.replace("GIVEN", table(columns)).replace("LOCKED", locked))

    return TurnStatements(
        take_conversations=made(TAKE_CONVERSATIONS, QUESTION),
        foreign_conversations=made(FOREIGN_CONVERSATIONS, QUESTION),
        before=made(BEFORE, QUESTION),
        insert_turns=made(INSERT_TURNS, TURN),
        insert_files=made(INSERT_FILES, FILE),
        touch_conversations=made(TOUCH_CONVERSATIONS, ANSWER),
        fill_turns=made(FILL_TURNS, ANSWER),
    )


def _in_sqlite(columns: dict[str, str]) -> str:
    """The rows as a table."""
    named = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
    return f"(SELECT {named} FROM json_each(:rows)) AS given"  # noqa: S608 - names from above


def _in_postgresql(columns: dict[str, str]) -> str:
    """The rows as a table."""
    named = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return f"json_to_recordset(CAST(:rows AS json)) AS given({named})"
