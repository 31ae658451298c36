"""Writes what other systems and open pages hear of, in the transaction of what it tells."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, update
from sqlalchemy.orm import Session

from gateway.storage.event_notices import announce_events
from gateway.storage.event_tables import StoredEvent
from gateway.storage.turns import now

REMOVED = "removed"  # the type of an event whose words went with its conversation
WITH_WORDS = ("message.completed", "fields.read", "feedback.given", "handoff.message")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """`type`: `action.proposed`, `handoff.requested`, … `data`: masked, as JSON."""

    type: str
    conversation_id: str
    data: dict[str, Any]


def record_event(
    transaction: Connection | Session, type_: str, conversation_id: str, data: dict[str, Any]
) -> None:
    record_events(transaction, [NewEvent(type_, conversation_id, data)])


def record_events(transaction: Connection | Session, events: Sequence[NewEvent]) -> None:
    """Numbers them in their order, with one statement for all."""
    if not events:
        return
    moment = now()
    rows = [
        {
            "id": "msg_" + secrets.token_urlsafe(16),
            "type": event.type,
            "conversation_id": event.conversation_id,
            "data": event.data,
            "created_at": moment,
        }
        for event in events
    ]
    transaction.execute(insert(StoredEvent), rows)
    announce_events(
        transaction if isinstance(transaction, Connection) else transaction.connection()
    )


def forget(transaction: Session, conversation_id: str) -> None:
    """Empties all events of a conversation; those that wait are not delivered."""
    transaction.execute(
        update(StoredEvent)
        .where(StoredEvent.conversation_id == conversation_id, StoredEvent.type != REMOVED)
        .values(type=REMOVED, data={})
    )


def forget_words(transaction: Session, conversation_id: str) -> None:
    """Empties the events that hold what a deleted conversation said; they are not delivered.

    The rows stay: SQLite gives the number of the newest row out again once it is deleted.
    """
    transaction.execute(
        update(StoredEvent)
        .where(StoredEvent.conversation_id == conversation_id, StoredEvent.type.in_(WITH_WORDS))
        .values(type=REMOVED, data={})
    )
