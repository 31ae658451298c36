"""Events are written with what they tell, masked, and only where somebody wants them."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as listen

from gateway.errors import NotFound
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database
from gateway.storage.event_log import EventLog
from gateway.storage.event_tables import StoredEvent
from gateway.storage.feedback import Ratings
from gateway.storage.file_store import FileStore
from gateway.storage.turn_events import announcement
from gateway.storage.turn_writes import close_all
from gateway.storage.turns import Answered, Asked, answer_row, now
from tests.support.databases import CITATION, ME, OTHER, ask, handoffs_of, open_turns

FIELD = {"name": "order_number", "value": "QH202611090078126", "confidence": 0.9, "valid": None}
PHONE = {
    "name": "phone",
    "value": "13812345678",
    "confidence": 0.9,
    "valid": True,
    "box": [0, 0, 1, 1],
}
READING = {"image": "file-1", "lines": [], "fields": [FIELD, PHONE], "kind": "order"}


def told(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    with database.reading() as session:
        rows = session.query(StoredEvent).order_by(StoredEvent.number)
        return [(row.type, row.conversation_id, row.data) for row in rows]


def close(database: Database, answered: Answered, *wanted: str) -> None:
    open_turns(database, Asked(ME, "conversation-1", "answer-1", "退货怎么办"))
    rows = [answer_row("answer-1", answered), answer_row("answer-gone", answered)]
    close_all(database, rows, announcement(rows, wanted.__contains__))


def test_a_completed_answer_tells_text_citations_outcome_and_fields_masked(
    database: Database,
) -> None:
    answered = Answered(
        "done", "请打 13812345678", citations=[CITATION], reading=[READING], outcome="answered"
    )
    close(database, answered, "message.completed", "fields.read")
    (read_type, conversation, read), (completed_type, _, completed) = told(database)
    assert (read_type, completed_type) == ("fields.read", "message.completed")
    assert conversation == "conversation-1"
    assert read["fields"][0]["value"] == "QH202611090078126"
    assert "13812345678" not in str(told(database))
    assert "box" not in read["fields"][1]
    assert read["fields"][0]["image"] == "file-1"
    assert completed == {
        "conversation_id": "conversation-1",
        "answer": "answer-1",
        "text": completed["text"],
        "citations": [CITATION],
        "outcome": "answered",
        "fields": read["fields"],
    }
    assert completed["text"].startswith("请打 138")


@pytest.mark.parametrize(
    ("state", "wanted", "types"),
    [
        ("done", (), []),
        ("done", ("fields.read",), ["fields.read"]),
        ("done", ("message.completed",), ["message.completed"]),
        ("stopped", ("message.completed", "fields.read"), ["fields.read"]),
        ("failed", ("message.completed",), []),
    ],
)
def test_only_what_is_wanted_is_written_and_only_whole_answers_are_completed(
    database: Database, state: Any, wanted: tuple[str, ...], types: list[str]
) -> None:
    close(database, Answered(state, "text", reading=[READING]), *wanted)
    assert [type_ for type_, _, _ in told(database)] == types


@pytest.mark.parametrize(
    ("state", "outcome", "supported", "told_of"),
    [
        ("done", "no_clause", True, {"outcome": "no_clause", "is_ungrounded": False}),
        ("done", "answered", False, {"outcome": "answered", "is_ungrounded": True}),
        ("done", "answered", True, None),
        ("stopped", "no_clause", True, None),
    ],
)
def test_open_pages_hear_of_an_answer_that_should_be_better_without_its_words(
    database: Database, state: Any, outcome: str, supported: bool, told_of: dict[str, Any] | None
) -> None:
    grounding = {"supported": supported, "unsupported": [] if supported else ["128 元"]}
    close(database, Answered(state, "text", outcome=outcome, grounding=grounding))
    found = [(type_, data) for type_, _, data in told(database)]
    of = {"conversation_id": "conversation-1", "answer": "answer-1"}
    assert found == ([("answer.doubtful", {**of, **told_of})] if told_of else [])
    live = EventLog(database).live(0, 9, 9)
    assert [one.type for one in live] == [type_ for type_, _ in found]


def test_an_answer_that_nobody_listens_to_costs_no_further_statement(database: Database) -> None:
    open_turns(database, Asked(ME, "conversation-1", "answer-1", "退货怎么办"))
    no_document = {**READING, "kind": "other"}  # the conversation is not named after it
    rows = [answer_row("answer-1", Answered("done", "text", reading=[no_document]))]
    statements: list[str] = []
    engine = database._engine  # what is counted is below the interface
    listen.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    close_all(database, rows, announcement(rows, lambda _: False))
    assert len([one for one in statements if "turns" in one]) == 2
    assert [one for one in statements if "events" in one] == []


def test_a_rating_tells_what_was_given(database: Database) -> None:
    ask(database, 1)
    Ratings(database).rate(ME, "answer-1", "down", "ruf 13812345678")
    with pytest.raises(NotFound):
        Ratings(database).rate(OTHER, "answer-1", "up", None)
    [(type_, conversation, data)] = told(database)
    assert (type_, conversation) == ("feedback.given", "conversation-1")
    assert (data["answer"], data["rating"]) == ("answer-1", "down")
    assert "13812345678" not in data["reason"]


def test_a_hand_over_tells_its_id_and_note(database: Database) -> None:
    ask(database, 1)
    made, _ = handoffs_of(database).hand_over(ME, "conversation-1", "please")
    [(type_, conversation, data)] = told(database)
    assert (type_, conversation) == ("handoff.requested", "conversation-1")
    assert data["handoff"] == {**made, "note": "please"}
    assert data["handoff"]["created_at"] <= now() // 1000


def test_words_of_a_deleted_conversation_are_not_kept_for_later_deliveries(
    database: Database, tmp_path: Path
) -> None:
    close(database, Answered("done", "secret words"), "message.completed")
    handoffs = handoffs_of(database)
    handoffs.hand_over(ME, "conversation-1", "secret words")
    files = FileStore(tmp_path / "files")
    Conversations(database, files, before_delete=handoffs.close_deleted).delete(
        ME, "conversation-1"
    )
    types = [type_ for type_, _, _ in told(database)]
    assert types == ["removed", "handoff.requested", "handoff.resolved"]
    assert "secret words" not in str(told(database))
