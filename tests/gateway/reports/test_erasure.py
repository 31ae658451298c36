"""Erasing a person, found by the name that they signed in with, on both databases."""

from pathlib import Path

import orjson
import pytest
from sqlalchemy import insert, select

from gateway.actions.proposals import Actions
from gateway.actions.store import ActionStore
from gateway.errors import StoreUnavailable
from gateway.observability.metrics import Metrics
from gateway.reports.erasure import Erasure
from gateway.storage.action_tables import Action, AuditEntry
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database
from gateway.storage.event_tables import StoredEvent
from gateway.storage.events import record_event
from gateway.storage.file_store import FileStore
from gateway.storage.models import Conversation
from gateway.storage.owners import digest
from tests.support.databases import ask
from tests.support.random_records import action_row

PHONE = "13812345678"


class NoTools:
    def find(self, name: str) -> None:
        return None

    def offered(self, *_: object) -> list[object]:
        return []


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def erasure(database: Database, files: FileStore) -> Erasure:
    actions = Actions(ActionStore(database), NoTools(), Metrics("1", "lite"), 900)  # type: ignore[arg-type]  # finds and offers nothing
    return Erasure(database, files, actions, lambda session, one: None, lambda: ["shop"])


def names(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(Conversation.id)))


def test_every_browser_of_a_person_is_erased_and_nobody_else(
    database: Database, files: FileStore, erasure: Erasure
) -> None:
    for number, (owner, person) in enumerate(
        (("user:anna:1", "anna"), ("user:anna:2", "anna"), ("user:annabel:3", "annabel"))
    ):
        stored = files.add(owner, "a.png", "image/png", b"data", 1, from_page=True)
        files.add(owner, "unused.png", "image/png", b"data", 1, from_page=True)
        ask(
            database,
            number,
            owner=owner,
            person=person,
            conversation_id=f"conversation-{number}",
            file_ids=(stored.id,),
        )
    receipt = erasure.erase("anna", "boss").receipt
    assert (receipt["user"], receipt["conversations"], receipt["files"]) == ("anna", 2, 4)
    assert names(database) == {"conversation-2"}
    assert (len(files.list("user:anna:1")), len(files.list("user:annabel:3"))) == (0, 2)
    assert erasure.erase("anna", "boss").receipt["conversations"] == 0


def test_nothing_is_erased_while_the_files_cannot_be_reached(
    database: Database, files: FileStore, erasure: Erasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = files.add("user:anna:1", "a.png", "image/png", b"data", 1)
    ask(database, 1, owner="user:anna:1", person="anna", file_ids=(stored.id,))
    with monkeypatch.context() as gone:
        gone.setattr(files, "works", lambda: False)
        with pytest.raises(StoreUnavailable, match="nothing was erased"):
            erasure.erase("anna", "boss")
    assert len(names(database)) == 1
    receipt = erasure.erase("anna", "boss").receipt
    assert (receipt["conversations"], receipt["files"]) == (1, 1)


def test_conversations_of_embed_tokens_from_before_are_found(
    database: Database, erasure: Erasure
) -> None:
    ask(database, 1, owner=f"token:shop:{PHONE}")
    ask(database, 2, owner=f"token:shop:{PHONE}9", conversation_id="conversation-2")
    assert erasure.erase(PHONE, "boss").receipt["conversations"] == 1
    assert names(database) == {"conversation-2"}


def test_what_was_done_stays_and_whose_it_was_goes(database: Database, erasure: Erasure) -> None:
    owner = digest(f"token:shop:{PHONE}")
    shared = {"owner": owner, "user": PHONE, "tenant": "shop"}
    rows = [
        {**action_row(f"action-{status}", status, 1_000), **shared, "by": "staff"}
        for status in ("done", "running", "unknown")
    ]
    proposed = {**action_row("action-proposed", "proposed", 1_000), **shared, "by": "staff"}
    with database.connected() as connection:
        connection.execute(insert(Action), [*rows, {**proposed, "expires_at": 2**45}])
        entry = {"action_id": "action-done", "time": 1, "who": "ben", "now": "done"}
        connection.execute(insert(AuditEntry), [{**entry, "reason": f"called {PHONE}"}])
    receipt = erasure.erase(PHONE, "boss").receipt
    assert (receipt["actions"], receipt["actions_left"]) == (2, 2)
    with database.reading() as session:
        found = {one.id: one for one in session.scalars(select(Action))}
        audit = {one.action_id: one for one in session.scalars(select(AuditEntry))}
        session.expunge_all()
    done = found["action-done"]
    assert (done.status, done.connector) == ("done", "cancel_order")
    assert (done.user, done.owner, done.arguments) == ("", "", {})
    assert found["action-proposed"].status == "cancelled"
    assert found["action-running"].arguments != {}
    assert (audit["action-done"].who, audit["action-done"].reason) == ("ben", "")


def test_the_audit_says_who_erased_and_not_whom(database: Database, erasure: Erasure) -> None:
    ask(database, 1, owner="user:anna:1", person="anna")
    receipt = erasure.erase("anna", "boss").receipt
    with database.reading() as session:
        [entry] = session.scalars(select(AuditEntry)).all()
        session.expunge_all()
    assert (entry.action_id, entry.who, entry.now) == (receipt["id"], "boss", "erased")
    assert entry.reason == "conversations: 1, files: 0, actions: 0"


def test_what_webhooks_have_not_told_yet_is_empty_afterwards(
    database: Database, erasure: Erasure
) -> None:
    ask(database, 1, owner="user:anna:1", person="anna")
    with database.writing() as session:
        record_event(session, "handoff.requested", "conversation-1", {"note": "about anna"})
    erasure.erase("anna", "boss")
    with database.reading() as session:
        events = [
            (one.type, orjson.dumps(one.data)) for one in session.scalars(select(StoredEvent))
        ]
    assert events == [("removed", b"{}")]


def test_a_conversation_from_before_is_found_once_its_person_writes_again(
    database: Database, conversations: Conversations, erasure: Erasure
) -> None:
    ask(database, 1, owner="user:anna:1")
    assert erasure.erase("anna", "boss").receipt["conversations"] == 0
    ask(database, 2, owner="user:anna:1", person="anna")
    assert erasure.erase("anna", "boss").receipt["conversations"] == 1
