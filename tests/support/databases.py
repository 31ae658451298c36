"""Fixtures for empty databases of both kinds, and a question with its answer in them."""

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from gateway.errors import NotFound
from gateway.handoffs.claims import Claims
from gateway.handoffs.queue import Handoffs
from gateway.observability.metrics import Metrics
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.file_store import FileStore
from gateway.storage.sql_engine import normal
from gateway.storage.turn_writes import close_all, open_all
from gateway.storage.turns import (
    Answered,
    Asked,
    Opened,
    answer_row,
    question_row,
)
from tests.support.postgres import Postgres, running_postgres

ME, OTHER = "key:shop", "key:other"
CITATION = {"id": "after-sales-3.2", "title": "退货", "clause": "3.2", "text": "七天内可退。"}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/desk.db"
    return emptied(request.getfixturevalue("postgres"))


def emptied(server: Postgres) -> str:
    engine = create_engine(normal(make_url(server.url())))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return server.url()


@pytest.fixture
def database(url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    if url.startswith("sqlite"):
        make_tables(Path(url.removeprefix("sqlite:///")))
    else:
        make_postgres_tables(request.getfixturevalue("postgres"))
    opened = open_database(url, lambda: None)
    yield opened
    opened.close()


def make_tables(file: Path) -> None:
    """A new SQLite database with its tables: a copy, since to migrate takes 0.1 s.

    tests/gateway/storage/test_migrations.py has the migrations themselves.
    """
    file.write_bytes(_sqlite_tables())


@cache
def _sqlite_tables() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        open_database(f"sqlite:///{folder}/desk.db", lambda: None).close()
        assert os.listdir(folder) == ["desk.db"], "nothing is left in a log beside it"
        return Path(folder, "desk.db").read_bytes()


def make_postgres_tables(server: Postgres) -> None:
    """The tables in an empty database of the server: from what it dumped of the first ones."""
    dump = server.folder / "tables.sql"
    if dump.exists():
        lines = dump.read_text().splitlines()
        statements = "\n".join(line for line in lines if not line.startswith("\\"))
        with psycopg.connect(server.url()) as connection:
            connection.execute(statements.encode())
        return
    open_database(server.url(), lambda: None).close()
    server.run("pg_dump", "--inserts", "--file", str(dump), server.url())


@pytest.fixture
def conversations(database: Database, tmp_path: Path) -> Conversations:
    close = handoffs_of(database).close_deleted
    return Conversations(database, FileStore(tmp_path / "files"), before_delete=close)


def handoffs_of(database: Database, **more: Any) -> Handoffs:
    """`more`: what `Handoffs` takes beside its parts."""
    return Handoffs(database, Metrics("test", "lite"), Claims(), **more)


def open_turns(database: Database, asked: Asked) -> Opened:
    """Stores the question and an empty answer.

    Raises NotFound where the conversation is another owner's, StoreUnavailable, InvalidRequest.
    """
    [opened] = open_all(database, [question_row(asked)])
    if isinstance(opened, NotFound):
        raise opened
    return opened


def close_turn(database: Database, answer_id: str, answered: Answered) -> None:
    """Fills the answer's turn, unless its conversation was deleted meanwhile.

    Raises StoreUnavailable, InvalidRequest.
    """
    close_all(database, [answer_row(answer_id, answered)])


def ask(database: Database, number: int, question: str = "退货怎么办", **more: Any) -> str:
    """Stores a question with its answer, in conversation-1 unless `more` says otherwise.

    Returns the id of the question's turn.
    """
    given: dict[str, Any] = {
        "owner": ME,
        "conversation_id": "conversation-1",
        "answer_id": f"answer-{number}",
        "text": question,
        **more,
    }
    asked = Asked(**given)
    turn = open_turns(database, asked).turn_id
    close_turn(
        database,
        asked.answer_id,
        Answered("done", f"answer {number}", "fake-vl", citations=[CITATION]),
    )
    return turn


def whole(
    conversations: Conversations, conversation: str = "conversation-1", owner: str = ME
) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(b"".join(conversations.pieces(owner, conversation)))
    return read


def texts(conversations: Conversations, conversation: str = "conversation-1") -> list[str]:
    return [turn["text"] for turn in whole(conversations, conversation)["messages"]]
