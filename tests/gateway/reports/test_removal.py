"""A conversation is removed while another transaction writes an event of it, on both databases."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import select

from gateway.actions.proposals import Actions
from gateway.actions.store import ActionStore
from gateway.handoffs.queue import Handoffs
from gateway.handoffs.steps import lock_conversation
from gateway.observability.metrics import Metrics
from gateway.reports.erasure import Erasure
from gateway.reports.retention import Retention
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database
from gateway.storage.event_tables import StoredEvent
from gateway.storage.events import record_event
from gateway.storage.file_store import FileStore
from gateway.storage.models import Conversation
from tests.gateway.reports.test_erasure import NoTools
from tests.support.databases import ask, handoffs_of

OWNER, ID = "user:anna:1", "conversation-1"
WORDS = "Elm Street 5"
WAITED = 0.3  # seconds for which the removal meets the lock


@pytest.fixture
def handoffs(database: Database) -> Handoffs:
    return handoffs_of(database)


@pytest.fixture
def ways(database: Database, handoffs: Handoffs, tmp_path: Path) -> dict[str, Callable[[], object]]:
    files, close = FileStore(tmp_path / "files"), handoffs.close_deleted
    metrics = Metrics("1", "lite")
    actions = Actions(ActionStore(database), NoTools(), metrics, 900)  # type: ignore[arg-type]  # finds and offers nothing
    conversations = Conversations(database, files, before_delete=close)
    erasure = Erasure(database, files, actions, close, lambda: ["shop"])
    retention = Retention(database, files, close, metrics, 1)
    return {
        "delete": lambda: conversations.delete(OWNER, ID),
        "erase": lambda: erasure.erase("anna", "boss"),
        "retention": lambda: retention.remove_some(time.time() + 60),
    }


@pytest.mark.parametrize("way", ["delete", "erase", "retention"])
def test_words_that_are_committed_while_a_removal_waits_go_with_the_conversation(
    database: Database, handoffs: Handoffs, ways: dict[str, Callable[[], object]], way: str
) -> None:
    ask(database, 1, owner=OWNER, person="anna")
    made, _ = handoffs.hand_over(OWNER, ID)
    is_written, may_commit = Event(), Event()

    def say() -> None:
        with database.writing() as session:
            assert lock_conversation(session, ID)
            data = {"handoff": made, "turn": {"text": WORDS}}
            record_event(session, "handoff.message", ID, data)
            is_written.set()
            may_commit.wait(20)

    with ThreadPoolExecutor(2) as threads:
        said = threads.submit(say)
        is_written.wait(20)
        removed = threads.submit(ways[way])
        time.sleep(WAITED)
        may_commit.set()
        said.result()
        removed.result()
    with database.reading() as session:
        is_left = session.scalar(select(Conversation.id)) is not None
        told = str(session.scalars(select(StoredEvent.data)).all())
    skips = way == "retention" and not database.is_sqlite  # it goes the next day
    assert is_left == skips
    assert (WORDS in told) == skips
