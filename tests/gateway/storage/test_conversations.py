"""Stored conversations, on SQLite and on a real PostgreSQL."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url, text

from gateway.errors import NotFound, StoreUnavailable
from gateway.reports.own_counts import Stats
from gateway.settings import WrongSettings
from gateway.storage import migration, schema
from gateway.storage.action_tables import Action
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.feedback import Ratings
from gateway.storage.file_store import FileStore
from gateway.storage.models import TABLES
from gateway.storage.sql_engine import normal
from gateway.storage.turns import MAX_TEXT, Answered, Asked
from tests.support.databases import (
    CITATION,
    ME,
    OTHER,
    ask,
    close_turn,
    emptied,
    handoffs_of,
    open_turns,
    texts,
    whole,
)
from tests.support.postgres import Postgres


def is_index(name: str | None) -> bool:
    """Whether a table or an index belongs to the search index, which no model describes."""
    return (name or "").startswith(("turn_index", "turns_by_grams"))


def test_the_migrations_make_the_tables_that_the_models_describe(
    database: Database, url: str
) -> None:
    engine = create_engine(normal(make_url(url)))
    with engine.connect() as connection:
        migrations = MigrationContext.configure(
            connection, opts={"include_name": lambda name, *_: not is_index(name)}
        )
        assert compare_metadata(migrations, TABLES[0].metadata) == []
    engine.dispose()


def test_a_second_start_finds_what_the_first_one_kept(
    database: Database, url: str, conversations: Conversations
) -> None:
    ask(database, 1)
    again = open_database(url, lambda: None)
    assert Conversations(again, FileStore(Path("/nonexistent"))).page(ME)["data"][0]["turns"] == 2
    again.close()


def test_several_gateways_may_start_at_once(url: str) -> None:
    program = (
        "import sys; from gateway.storage.database import open_database; "
        "open_database(sys.argv[1], print).close()"
    )
    starting = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program, url], stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    assert [(process.communicate(timeout=100)[1], process.returncode) for process in starting] == [
        (b"", 0)
    ] * 4


def test_a_conversation_comes_back_as_the_page_needs_it(
    database: Database, conversations: Conversations
) -> None:
    turn = ask(database, 1, "我的手机 13812345678，退货怎么办")
    told = whole(conversations)
    assert {**told, "created_at": 0, "updated_at": 0, "messages": []} == {
        "id": "conversation-1", "object": "conversation", "title": "我的手机 138****5678，退货怎么办",
        "kind": None, "created_at": 0,
        "updated_at": 0, "turns": 2, "messages": [],
    }  # fmt: skip
    question, answer = told["messages"]
    assert (question["id"], question["role"], question["text"]) == (
        turn,
        "user",
        "我的手机 138****5678，退货怎么办",
    )
    assert question["files"] == []
    assert {**answer, "created_at": 0} == {
        "id": "answer-1", "role": "assistant", "text": "answer 1", "created_at": 0,
        "citations": [CITATION], "reading": [], "suggestions": [], "grounding": None,
        "outcome": None, "tools": [], "actions": [], "notice": None, "offer": None,
        "degraded": False, "state": "done", "rating": None, "reason": None, "model": "fake-vl",
    }  # fmt: skip


def test_tools_come_back_and_actions_as_they_are_now(database: Database, tmp_path: Path) -> None:
    told: dict[str, Any] = {"id": "call_0", "name": "track", "title": "查询物流", "status": "done"}
    result = {"values": {"order_number": "13812345678901", "tel": "13812345678"}, "text": "到了"}
    ask(database, 1)
    with database.writing() as session:
        session.add(action("action-1", "done"))
        session.add(action("action-2", "proposed"))
    tools = [{**told, "result": result}]
    ids = ["action-2", "action-gone", "action-1"]
    close_turn(database, "answer-1", Answered("done", "好", tools=tools, actions=ids))
    conversations = Conversations(
        database, FileStore(tmp_path), lambda one: {"id": one.id, "status": one.status}
    )
    answer = whole(conversations)["messages"][-1]
    masked = {"order_number": "13812345678901", "tel": "138****5678"}
    assert answer["tools"] == [{**told, "result": {"values": masked, "text": "到了"}}]
    assert answer["actions"] == [
        {"id": "action-2", "status": "proposed"},
        {"id": "action-1", "status": "done"},
    ]


def action(action_id: str, status: str) -> Action:
    return Action(
        id=action_id, connector="cancel", title={}, arguments={}, status=status, by="customer",
        owner="o", created_at=0, expires_at=0,
    )  # fmt: skip


def test_nothing_that_must_be_masked_reaches_the_disk(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/desk.db", lambda: None)
    ask(database, 1, "手机13812345678", owner="token:13912345678")
    close_turn(
        database,
        "answer-1",
        Answered(
            "done",
            "您的手机是13712345678",
            reading=[{"lines": [{"text": "电话13612345678"}]}],
            tools=[{"id": "c", "result": {"values": {"tel": "13312345678"}, "text": ""}}],
        ),
    )
    Ratings(database).rate("token:13912345678", "answer-1", "down", "打13512345678")
    handoffs_of(database).hand_over("token:13912345678", "conversation-1", "打13412345678")
    Conversations(database, FileStore(tmp_path)).rename(
        "token:13912345678", "conversation-1", "找13312345678"
    )
    database.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("desk.db*"))
    assert b"5678" in stored
    assert not any(
        f"1{digit}12345678".encode() in stored
        for digit in ("38", "39", "37", "36", "35", "34", "33")
    )


def test_pages_go_from_the_newest_to_the_oldest_and_name_each_conversation_once(
    database: Database, conversations: Conversations
) -> None:
    for number in range(7):
        ask(database, number, conversation_id=f"conversation-{number}")
    seen: list[str] = []
    more, before = True, ""
    while more:
        page = conversations.page(ME, limit=3, before=before)
        seen += [summary["id"] for summary in page["data"]]
        more, before = page["has_more"], seen[-1]
    assert sorted(seen) == [f"conversation-{number}" for number in range(7)]
    assert [summary["updated_at"] for summary in conversations.page(ME)["data"]] == sorted(
        (summary["updated_at"] for summary in conversations.page(ME)["data"]), reverse=True
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [("100%", 1), ("%", 1), ("_", 0), ("50", 0), ("退货", 1), ("13812345678", 1), ("\x00", 0),
     ("' OR 1=1 --", 0), ("ANSWER", 1), ("/", 0)],
)  # fmt: skip
def test_a_search_means_its_characters_and_is_masked_as_what_it_looks_for(
    database: Database, conversations: Conversations, query: str, found: int
) -> None:
    ask(database, 1, "100% 退货 13812345678")
    assert len(conversations.page(ME, query)["data"]) == found


def test_another_owner_sees_and_changes_nothing(
    database: Database, conversations: Conversations
) -> None:
    ask(database, 1)
    assert conversations.page(OTHER)["data"] == []
    for attempt in (
        lambda: whole(conversations, owner=OTHER),
        lambda: conversations.rename(OTHER, "conversation-1", "x"),
        lambda: conversations.delete(OTHER, "conversation-1"),
        lambda: ask(database, 2, owner=OTHER),
        lambda: Ratings(database).rate(OTHER, "answer-1", "up", None),
        lambda: handoffs_of(database).hand_over(OTHER, "conversation-1", ""),
        lambda: conversations.page(OTHER, before="conversation-1"),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert texts(conversations) == ["退货怎么办", "answer 1"]


def test_two_tabs_that_ask_at_once_do_not_mix(
    database: Database, conversations: Conversations
) -> None:
    with ThreadPoolExecutor(8) as tabs:
        list(tabs.map(lambda number: ask(database, number, f"question {number}"), range(40)))
    messages = whole(conversations)["messages"]
    pairs = [(messages[place]["text"], messages[place + 1]["text"]) for place in range(0, 80, 2)]
    assert sorted(pairs) == sorted(
        (f"question {number}", f"answer {number}") for number in range(40)
    )


def test_a_question_in_place_of_another_removes_it_and_what_came_after(
    database: Database, conversations: Conversations
) -> None:
    ask(database, 1, "one", file_ids=("file-aaaaaaaa",))
    two = ask(database, 2, "two", file_ids=("file-aaaaaaaa", "file-bbbbbbbb", "file-cccccccc"))
    open_turns(database, Asked(ME, "conversation-1", "answer-3", "three"))
    asked = Asked(ME, "conversation-1", "answer-4", "two, better", ("file-bbbbbbbb",), replaces=two)
    opened = open_turns(database, asked)
    assert (opened.removed_answers, opened.removed_files) == (("answer-3",), ("file-cccccccc",))
    close_turn(database, "answer-3", Answered("done", "too late"))
    assert texts(conversations) == ["one", "answer 1", "two, better", ""]


def test_a_turn_of_another_conversation_is_not_replaced(
    database: Database, conversations: Conversations
) -> None:
    elsewhere = ask(database, 1, "one", conversation_id="conversation-2")
    ask(database, 2, "two", replaces=elsewhere)
    assert texts(conversations, "conversation-2") == ["one", "answer 1"]


def test_a_file_goes_with_its_last_conversation(
    database: Database, conversations: Conversations
) -> None:
    for number, conversation in enumerate(("conversation-1", "conversation-2")):
        ask(database, number, conversation_id=conversation, file_ids=("file-aaaaaaaa",))
    ask(database, 3, owner=OTHER, conversation_id="conversation-3", file_ids=("file-aaaaaaaa",))
    assert conversations.delete(ME, "conversation-1").file_ids == ()
    assert conversations.delete(ME, "conversation-2").file_ids == ("file-aaaaaaaa",)


def test_feedback_and_hand_overs_go_with_their_conversation(
    database: Database, conversations: Conversations
) -> None:
    ratings = Ratings(database)
    ask(database, 1)
    assert ratings.rate(ME, "answer-1", "up", None) == (True, None)
    assert ratings.rate(ME, "answer-1", "down", "打 13812345678") == (True, "打 138****5678")
    assert ratings.rate(ME, "answer-1", "down", None) == (False, None)
    assert handoffs_of(database).hand_over(ME, "conversation-1", "note")[1]
    counts = Stats(database).counts(ME)
    assert (
        counts["conversations"],
        counts["questions"],
        counts["answers"],
        counts["handoffs"],
    ) == (1, 1, 1, 1)
    assert counts["ratings"] == {"up": 0, "down": 1}
    assert (
        len(counts["days"]),
        counts["days"][-1]["questions"] + counts["days"][-2]["questions"],
    ) == (30, 1)
    conversations.delete(ME, "conversation-1")
    with database.reading() as session:
        for table in ("conversations", "turns", "turn_files", "feedback", "handoffs"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0
    with pytest.raises(NotFound):
        ratings.rate(ME, "answer-1", "up", None)


def test_a_question_is_no_answer_to_rate(database: Database) -> None:
    turn = ask(database, 1)
    with pytest.raises(NotFound):
        Ratings(database).rate(ME, turn, "up", None)


def test_an_answer_whose_conversation_is_gone_is_dropped(
    database: Database, conversations: Conversations
) -> None:
    open_turns(database, Asked(ME, "conversation-1", "answer-1", "one"))
    assert conversations.delete(ME, "conversation-1").running_answers == ("answer-1",)
    close_turn(database, "answer-1", Answered("done", "late"))
    assert conversations.page(ME)["data"] == []


def test_what_a_dead_gateway_was_writing_has_failed_and_what_a_living_one_writes_has_not(
    database: Database, url: str, conversations: Conversations
) -> None:
    dead = open_database(url, lambda: None)
    open_turns(dead, Asked(ME, "conversation-1", "answer-1", "one"))
    dead.close()
    if not database.is_sqlite:  # gateways that share a SQLite file are not a thing
        open_turns(database, Asked(ME, "conversation-1", "answer-2", "two"))
    open_database(url, lambda: None).close()
    states = [turn["state"] for turn in whole(conversations)["messages"] if "state" in turn]
    assert states == ["failed", *(["writing"] if not database.is_sqlite else [])]


def test_odd_texts_are_stored(database: Database, conversations: Conversations) -> None:
    ask(database, 1, "a\x00b\ud800c 🧾 ' \" \\ %s :name")
    ask(database, 2, "长" * (MAX_TEXT + 5000))
    first, _, second, _ = texts(conversations)
    assert first == "a\ufffdb\ufffdc 🧾 ' \" \\ %s :name"
    assert second == "长" * MAX_TEXT
    with pytest.raises(NotFound):
        whole(conversations, "\x00\ud800")


def test_an_export_holds_every_conversation_whole(
    database: Database, conversations: Conversations
) -> None:
    for number in range(230):
        open_turns(database, Asked(ME, f"conversation-{number}", f"answer-{number}", "q"))
    exported = list(map(orjson.loads, b"".join(conversations.every(ME)).splitlines()))
    assert len({conversation["id"] for conversation in exported}) == 230
    assert all(len(conversation["messages"]) == 2 for conversation in exported)


def test_a_locked_database_is_an_error_after_a_short_wait_and_then_works_again(
    tmp_path: Path,
) -> None:
    failures: list[int] = []
    database = open_database(f"sqlite:///{tmp_path}/desk.db", lambda: failures.append(1))
    locker = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        ask(database, 1)
    assert Conversations(database, FileStore(tmp_path)).page(ME)["data"] == []  # reading goes on
    locker.execute("ROLLBACK")
    locker.close()
    ask(database, 1)
    assert failures == [1]
    database.close()


@pytest.mark.parametrize("url",
                         ["sqlite:///{}/", "sqlite:///file:{}/none.db?mode=ro&uri=true",
                          "postgresql://desk:hidden-word@127.0.0.1:1/none", "postgresql://[",
                          "sqlite:////proc/none/desk.db"])  # fmt: skip
def test_a_database_that_cannot_be_opened_is_one_line_without_its_password(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(WrongSettings) as caught:
        open_database(url.format(tmp_path), lambda: None)
    assert str(caught.value).startswith("DATABASE_URL=(hidden): ")
    assert "\n" not in str(caught.value)
    assert "hidden-word" not in str(caught.value)


def test_a_read_only_database_is_refused_at_the_start(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path}/desk.db", lambda: None).close()
    with pytest.raises(WrongSettings, match="readonly"):
        open_database(f"sqlite:///file:{tmp_path}/desk.db?mode=ro&uri=true", lambda: None)


def test_tables_of_a_later_version_are_left_alone(url: str) -> None:
    open_database(url, lambda: None).close()
    engine = create_engine(normal(make_url(url)))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(WrongSettings, match="newer"):
        open_database(url, lambda: None)


def test_the_newest_revision_is_the_last_migration() -> None:
    assert (
        ScriptDirectory.from_config(migration.configuration()).get_current_head() == schema.NEWEST
    )


def test_a_start_with_nothing_to_migrate_does_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/desk.db"
    started = f"""
import sys
from gateway.storage.database import open_database
open_database({url!r}, lambda: None).close()
print("alembic" in sys.modules)"""
    first, second = (
        subprocess.check_output([sys.executable, "-c", started], text=True) for _ in range(2)
    )
    assert (first.strip(), second.strip()) == ("True", "False")


def test_a_database_in_memory_serves_all_threads() -> None:
    database = open_database("sqlite:///:memory:", lambda: None)
    with ThreadPoolExecutor(8) as tabs:
        list(tabs.map(lambda number: ask(database, number), range(20)))
    assert whole(Conversations(database, FileStore(Path("/nonexistent"))))["turns"] == 40
    database.close()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_goes_by_all_its_names(postgres: Postgres, scheme: str) -> None:
    emptied(postgres)
    open_database(postgres.url(scheme), lambda: None).close()
