"""What goes after RETENTION_DAYS, and what stays, on both databases."""

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from gateway.observability.metrics import Metrics
from gateway.reports.retention import ALONE, CONVERSATIONS, FILES_LOCK, LOCK, Retention
from gateway.storage.action_tables import Action, AuditEntry
from gateway.storage.database import Database
from gateway.storage.file_store import FileStore
from gateway.storage.models import Conversation, Feedback, Turn
from gateway.storage.one_gateway import alone
from tests.support.databases import ME, ask
from tests.support.random_records import action_row

DAY = 86_400
NOW = time.time()
BEFORE = NOW - 30 * DAY


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def retention(database: Database, files: FileStore) -> Retention:
    return Retention(database, files, lambda session, one: None, Metrics("1", "lite"), 30)


def removed(retention: Retention) -> Counter[str]:
    total: Counter[str] = Counter()
    while some := retention.remove_some(BEFORE):
        total += some
    return total


def age(database: Database, conversation: str, days: float) -> None:
    moment = round(1000 * (NOW - days * DAY))
    with database.connected() as connection:
        connection.execute(
            update(Conversation).where(Conversation.id == conversation).values(updated_at=moment)
        )


def left(database: Database, model: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_old_conversations_go_with_their_files_and_new_ones_stay(
    database: Database, files: FileStore, retention: Retention, tmp_path: Path
) -> None:
    stored = [files.add(ME, f"{name}.png", "image/png", b"data", 1) for name in "abc"]
    shared = stored[2].id
    ask(database, 1, conversation_id="old", file_ids=(stored[0].id, shared))
    ask(database, 2, conversation_id="new", file_ids=(stored[1].id, shared))
    age(database, "old", 31)
    age(database, "new", 29)
    assert removed(retention) == {"conversations": 1, "files": 1}
    assert {file.id for file in files.list(ME)} == {stored[1].id, shared}
    assert (left(database, Conversation), left(database, Turn)) == (1, 2)
    assert removed(retention) == {}


def test_more_than_one_batch_is_removed(database: Database, retention: Retention) -> None:
    for number in range(CONVERSATIONS + 3):
        ask(database, number, conversation_id=f"old-{number}")
        age(database, f"old-{number}", 40)
    assert removed(retention)["conversations"] == CONVERSATIONS + 3
    assert left(database, Conversation) == left(database, Feedback) == 0


def test_actions_that_wait_for_a_person_stay_with_their_audit(
    database: Database, retention: Retention
) -> None:
    old, new = round(1000 * (BEFORE - DAY)), round(1000 * NOW)
    rows = [
        action_row("done-old", "done", old),
        action_row("unknown-old", "unknown", old),
        action_row("done-new", "done", new),
    ]
    with database.connected() as connection:
        connection.execute(insert(Action), rows)
        entries = [
            {"action_id": row["id"], "time": row["created_at"], "who": "customer", "now": "done"}
            for row in rows
        ]
        connection.execute(insert(AuditEntry), entries)
    assert removed(retention) == {"actions": 1, "audit": 1}
    with database.reading() as session:
        assert set(session.scalars(select(Action.id))) == {"unknown-old", "done-new"}
        assert set(session.scalars(select(AuditEntry.action_id))) == {"unknown-old", "done-new"}


def test_files_that_no_conversation_names_go_after_their_time(
    database: Database, files: FileStore, retention: Retention, tmp_path: Path
) -> None:
    kept, named, old = (files.add(ME, "a.png", "image/png", b"data", 1) for _ in range(3))
    ask(database, 1, file_ids=(named.id,))
    for one in (named, old):
        [record] = (tmp_path / "files").glob(f"*/{one.id}.json")
        os.utime(record, (BEFORE - DAY, BEFORE - DAY))
    assert retention.remove_files(BEFORE) == 1
    assert {file.id for file in files.list(ME)} == {kept.id, named.id}


def test_one_gateway_at_a_time_removes_on_postgresql(
    database: Database, files: FileStore, retention: Retention
) -> None:
    if database.is_sqlite:
        pytest.skip("gateways that share a database share PostgreSQL")
    ask(database, 1, conversation_id="old")
    age(database, "old", 31)
    with database.writing() as other:
        assert other.scalar(ALONE, {"lock": LOCK})
        assert removed(retention) == {}
    assert removed(retention)["conversations"] == 1
    files.add(ME, "a.png", "image/png", b"data", 1)
    with alone(database, FILES_LOCK) as is_alone:
        assert is_alone
        assert retention.remove_files(NOW + DAY) == 0
    assert retention.remove_files(NOW + DAY) == 1
