"""Search by the index finds what a comparison with every text finds, on both databases."""

import random
import sqlite3
import time
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, make_url, text

from gateway.storage import migration
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.file_store import FileStore
from gateway.storage.owners import digest
from gateway.storage.sql_engine import normal
from gateway.storage.text_indexing import index_some
from gateway.storage.text_search import candidates
from gateway.storage.turns import Asked
from tests.support.databases import ME, OTHER, ask, open_turns

LETTERS = "退货运费单号Aa b1%_\"'🧾é"


def index_all(database: Database) -> None:
    while index_some(database):
        pass


def found(conversations: Conversations, query: str) -> set[str]:
    return {one["id"] for one in conversations.page(ME, query, limit=200)["data"]}


def test_the_index_finds_what_comparing_finds(
    database: Database, conversations: Conversations
) -> None:
    index_all(database)
    dice = random.Random(4)
    texts = {f"c-{n}": "".join(dice.choices(LETTERS, k=dice.randint(1, 30))) for n in range(60)}
    for number, (conversation, said) in enumerate(texts.items()):
        open_turns(database, Asked(ME, conversation, f"answer-{number}", said))
        open_turns(database, Asked(OTHER, "other-" + conversation, f"other-{number}", said))
    with database.reading() as session:
        assert candidates(session, "费") is not None, "nothing is compared with every text"
    for size in (1, 2, 3, 5):
        for said in texts.values():
            place = dice.randrange(max(1, len(said) - size + 1))
            query = said[place : place + size].strip()
            if query:
                wanted = {one for one, whole in texts.items() if query.lower() in whole.lower()}
                assert found(conversations, query) == wanted, query
        assert found(conversations, said[-size:].strip() or "b") >= {"c-59"}, "the end of a text"


def test_a_text_in_very_many_turns_is_found_in_the_newest(
    database: Database, conversations: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_all(database)
    monkeypatch.setattr("gateway.storage.text_search.MAX_CANDIDATES", 3)
    for number in range(10):
        ask(database, number, f"退货 {number}", conversation_id=f"c-{number}")
    assert len(found(conversations, "退货")) == 10
    assert found(conversations, "退货 7") == {"c-7"}


def test_turns_from_before_the_index_are_found_while_it_is_built_and_afterwards(
    url: str, tmp_path: Path
) -> None:
    engine = create_engine(normal(make_url(url)))
    with engine.begin() as connection:
        config = migration.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text("INSERT INTO conversations VALUES ('old', :owner, 'q', 1, 1)"),
            {"owner": digest(ME)},
        )
        for number in range(600):
            connection.execute(
                text(
                    "INSERT INTO turns (id, conversation_id, role, state, text, created_at, degraded, citations, reading)"
                    " VALUES (:id, 'old', 'user', 'done', :text, 1, false, '[]', '[]')"
                ),
                {"id": f"turn-{number}", "text": f"旧的问题 {number:04}"},
            )
    engine.dispose()
    database = open_database(url, lambda: None)
    conversations = Conversations(database, FileStore(tmp_path / "files"))
    ask(database, 1, "新的问题", conversation_id="new")
    states = 0
    more = True
    while more:
        assert found(conversations, "旧的问题 0000") == found(conversations, "旧的") == {"old"}
        assert found(conversations, "问题") == {"old", "new"}
        more = index_some(database)
        states += 1
    assert states >= 2
    with database.reading() as session:
        assert candidates(session, "旧的问题 0000") is not None
    conversations.delete(ME, "old")
    assert found(conversations, "问题") == {"new"}
    database.close()


def test_what_is_deleted_or_replaced_leaves_nothing_in_the_index(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/desk.db", lambda: None)
    conversations = Conversations(database, FileStore(tmp_path / "files"))
    index_all(database)
    first = ask(database, 1, "甲乙丙丁")
    open_turns(database, Asked(ME, "conversation-1", "answer-2", "子丑寅卯", replaces=first))
    index_all(database)
    assert _terms(tmp_path) == {"子丑寅", "丑寅卯", "寅卯\x01", "卯\x01\x01"}
    conversations.delete(ME, "conversation-1")
    index_all(database)
    assert _terms(tmp_path) == set()
    with sqlite3.connect(tmp_path / "desk.db") as file:
        assert file.execute("SELECT count(*) FROM turn_index_removed").fetchone() == (0,)
        file.execute("INSERT INTO turn_index (turn_index) VALUES ('integrity-check')")
    database.close()


def _terms(folder: Path) -> set[str]:
    with sqlite3.connect(folder / "desk.db") as file:
        return {term for (term,) in file.execute("SELECT term FROM turn_index_terms")}


def test_a_search_that_nearly_matches_long_texts_ends_soon(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/desk.db", lambda: None)
    conversations = Conversations(database, FileStore(tmp_path / "files"))
    for number in range(20):
        ask(database, number, "ab" * 100_000, conversation_id=f"c-{number}")
    started = time.process_time()
    assert found(conversations, "ab" * 99 + "c") == set()
    assert time.process_time() - started < 0.5  # 2 s where each text is compared
    database.close()
