"""A bad request fails alone; a fault of the database or disk is reported, and ends."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from gateway.errors import InvalidRequest, StoreUnavailable, UpstreamTimeout
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.file_store import FileStore
from gateway.storage.models import TurnFile
from gateway.storage.turns import Answered, Asked
from tests.support.databases import ME, ask, close_turn, open_turns, texts, whole

ODD = "a\x00b\ud800c"


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[tuple[Database, list[int]]]:
    failures: list[int] = []
    database = open_database(f"sqlite:///{tmp_path}/desk.db", lambda: failures.append(1))
    yield database, failures
    database.close()


def test_every_string_of_a_question_and_its_answer_is_storable(
    database: Database, conversations: Conversations
) -> None:
    asked = Asked(ME, "conversation-1", ODD, ODD, (ODD,), replaces=ODD)
    open_turns(database, asked)
    citation = {"id": ODD, "title": ODD, "clause": ODD, "text": ODD}
    reading = [{"image": ODD, "lines": [{"text": ODD}], "fields": [{"name": ODD, "value": ODD}]}]
    close_turn(database, ODD, Answered("done", ODD, ODD, citations=[citation], reading=reading))
    question, answer = whole(conversations)["messages"]
    clean = "a\ufffdb\ufffdc"
    assert question["text"] == answer["text"] == answer["model"] == answer["id"] == clean
    assert answer["citations"] == [dict.fromkeys(citation, clean)]
    assert answer["reading"][0]["lines"] == [{"text": clean}]


def test_a_data_error_is_its_requests_and_the_store_goes_on(url: str) -> None:
    failures: list[int] = []
    database = open_database(url, lambda: failures.append(1))
    with pytest.raises(InvalidRequest) as told, database.writing() as session:
        session.execute(insert(TurnFile).values(turn_number=10**9, place=0, file_id="no such turn"))
    assert told.value.details == {
        "reason": "IntegrityError" if database.is_sqlite else "ForeignKeyViolation"
    }
    assert failures == []
    assert database.answers()
    database.close()


def test_a_read_that_takes_too_long_ends_and_names_its_bound(database: Database) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    started = time.monotonic()
    with pytest.raises(UpstreamTimeout) as told, database.searching() as session:
        session.execute(text(endless)).all()
    assert time.monotonic() - started < 20
    assert told.value.details == {"limit": 2}
    assert database.answers()
    ask(database, 1)


def test_a_database_file_that_is_removed_is_made_again(
    counted: tuple[Database, list[int]], tmp_path: Path
) -> None:
    database, _ = counted
    ask(database, 1)
    (tmp_path / "desk.db").unlink()
    ask(database, 2, conversation_id="conversation-2")
    conversations = Conversations(database, FileStore(tmp_path))
    assert [one["id"] for one in conversations.page(ME)["data"]] == ["conversation-2"]
    with sqlite3.connect(tmp_path / "desk.db") as file:
        assert file.execute("SELECT count(*) FROM turns").fetchone() == (2,)


def test_what_is_written_while_the_file_is_removed_is_not_called_kept(
    counted: tuple[Database, list[int]], tmp_path: Path
) -> None:
    database, failures = counted
    with pytest.raises(StoreUnavailable), database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = version_num"))
        (tmp_path / "desk.db").unlink()
    assert failures == [1]


def test_a_database_file_that_cannot_be_made_again_is_told_until_it_can(
    counted: tuple[Database, list[int]], tmp_path: Path
) -> None:
    database, _ = counted
    ask(database, 1)
    path = tmp_path / "desk.db"
    moved = path.rename(tmp_path / "moved.db")
    path.mkdir()
    with pytest.raises(StoreUnavailable):
        ask(database, 2)
    assert not database.answers()
    path.rmdir()
    moved.rename(path)
    ask(database, 3)
    assert "answer 3" in texts(Conversations(database, FileStore(tmp_path)))


def test_a_full_disk_is_noticed_until_there_is_room(
    counted: tuple[Database, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.storage.database.REST_SECONDS", 0)
    database, _ = counted
    with database.reading() as session:
        pages = session.scalar(text("PRAGMA page_count"))
        session.execute(
            text(f"PRAGMA max_page_count = {pages}")
        )  # of this connection, which is the pool's only one
    with pytest.raises(StoreUnavailable):
        for number in range(100):
            ask(database, number, "退货" * 10_000)
    with database.reading() as session:
        session.execute(text("PRAGMA max_page_count = 1000000"))
    assert database.answers()
    ask(database, 1000)


def test_two_threads_that_notice_a_removed_file_make_it_once(
    counted: tuple[Database, list[int]], tmp_path: Path
) -> None:
    database, failures = counted
    (tmp_path / "desk.db").unlink()
    threads = [threading.Thread(target=ask, args=(database, number)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(texts(Conversations(database, FileStore(tmp_path)))) == 16


def test_the_log_of_sqlite_moves_into_its_file_beside_a_writer(
    counted: tuple[Database, list[int]], tmp_path: Path
) -> None:
    database, failures = counted
    for number in range(30):
        ask(database, number, "what moves")
    assert b"what moves" not in (tmp_path / "desk.db").read_bytes()
    with database.writing() as session:
        session.execute(text("UPDATE conversations SET title = title"))
        database.checkpoint()
    assert b"what moves" in (tmp_path / "desk.db").read_bytes()
    (tmp_path / "desk.db").unlink()
    database.checkpoint()
    assert failures == []
