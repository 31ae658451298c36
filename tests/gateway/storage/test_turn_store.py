"""Questions and answers that are stored together, on SQLite and on a real PostgreSQL."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import InvalidRequest, NotFound
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.file_store import FileStore
from gateway.storage.grouped_writes import GroupedWrites
from gateway.storage.turn_writes import close_all, open_all
from gateway.storage.turns import (
    Answered,
    Asked,
    Opened,
    QuestionRow,
    answer_row,
    question_row,
)
from tests.support.databases import CITATION, ME, OTHER, ask, texts, whole


def question(number: int, conversation: str = "", owner: str = ME, **more: str) -> QuestionRow:
    return question_row(
        Asked(
            owner,
            conversation or f"conversation-{number}",
            f"answer-{number}",
            f"question {number}",
            **more,  # type: ignore[arg-type]  # fields of Asked
        )
    )


def opening(database: Database) -> GroupedWrites[QuestionRow, Opened]:
    return GroupedWrites(
        "store-opening",
        lambda rows: list(open_all(database, rows)),
        key_of=lambda row: row.conversation_id,
        characters_of=lambda row: len(row.text),
    )


def test_a_group_is_stored_as_its_questions_and_answers_would_be_one_by_one(
    database: Database, conversations: Conversations
) -> None:
    opened = open_all(database, [question(number) for number in range(5)])
    assert all(isinstance(one, Opened) for one in opened)
    citation = {**CITATION, "text": "a \" ' \\ 🧾 \x00 \ud800 {}"}
    close_all(
        database,
        [
            answer_row(
                f"answer-{number}",
                Answered("done", f"answer {number}", "m", number == 1, [citation]),
            )
            for number in range(5)
        ],
    )
    for number, one in enumerate(opened):
        asked, answered = whole(conversations, f"conversation-{number}")["messages"]
        assert isinstance(one, Opened)
        assert (asked["id"], asked["text"]) == (one.turn_id, f"question {number}")
        assert (answered["text"], answered["state"], answered["degraded"]) == (
            f"answer {number}",
            "done",
            number == 1,
        )
        assert answered["citations"] == [{**CITATION, "text": "a \" ' \\ 🧾 \ufffd \ufffd {}"}]


def test_anothers_conversation_is_not_found_and_the_rest_of_the_group_is_stored(
    database: Database, conversations: Conversations
) -> None:
    ask(database, 1, owner=OTHER)
    opened = open_all(database, [question(2), question(3, "conversation-1"), question(4)])
    assert isinstance(opened[1], NotFound)
    assert [isinstance(one, Opened) for one in opened] == [True, False, True]
    assert texts(conversations, "conversation-2") == ["question 2", ""]
    assert len(whole(conversations, "conversation-1", OTHER)["messages"]) == 2


def test_questions_that_replace_others_do_so_in_a_group(
    database: Database, conversations: Conversations
) -> None:
    first = ask(database, 1, "one", conversation_id="conversation-1", file_ids=("file-aaaaaaaa",))
    ask(database, 2, "two", conversation_id="conversation-2")
    opened = open_all(
        database,
        [question(3, "conversation-1", replaces=first), question(4, "conversation-2")],
    )
    assert isinstance(opened[0], Opened)
    assert opened[0].removed_files == ("file-aaaaaaaa",)
    assert texts(conversations, "conversation-1") == ["question 3", ""]
    assert texts(conversations, "conversation-2") == ["two", "answer 2", "question 4", ""]


async def test_questions_of_one_conversation_are_stored_in_the_order_in_which_they_came(
    database: Database, conversations: Conversations
) -> None:
    writes = opening(database)
    await asyncio.gather(
        *(
            writes.add(question(number, "conversation-1" if number % 2 else ""))
            for number in range(60)
        )
    )
    await writes.close()
    assert texts(conversations)[::2] == [f"question {number}" for number in range(1, 60, 2)]


async def test_a_question_that_cannot_be_stored_fails_alone(
    database: Database, conversations: Conversations
) -> None:
    ask(database, 3, conversation_id="elsewhere")
    writes = opening(database)
    results = await asyncio.gather(
        *(writes.add(question(number)) for number in range(8)), return_exceptions=True
    )
    await writes.close()
    assert [isinstance(one, InvalidRequest) for one in results] == [n == 3 for n in range(8)]
    assert texts(conversations, "conversation-7") == ["question 7", ""]
    with pytest.raises(NotFound):
        whole(conversations, "conversation-3")


def test_what_was_acknowledged_outlives_a_kill(
    url: str, database: Database, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.support.killed_writer", url]
    killed = subprocess.run(command, capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    open_database(url, lambda: None).close()
    conversations = Conversations(database, FileStore(tmp_path))
    for number in range(20):
        asked, answered = whole(conversations, f"conversation-{number}", f"key:shop-{number}")[
            "messages"
        ]
        assert asked["text"] == f"question {number}"
        assert (answered["text"], answered["state"]) == (
            (f"answer {number}", "done") if number < 10 else ("", "failed")
        )
