"""Writes what other systems and open pages hear of, in the transaction of what it tells."""

import secrets
from typing import Any

from sqlalchemy import Connection, insert, update
from sqlalchemy.orm import Session

from gateway.storage.models import StoredEvent
from gateway.storage.turns import now

REMOVED = "removed"  # the type of an event whose words went with its conversation
WITH_WORDS = ("message.completed", "fields.read", "feedback.given", "handoff.message")


def record_event(
    transaction: Connection | Session, type_: str, conversation_id: str, data: dict[str, Any]
) -> None:
    """`type_`: `action.proposed`, `handoff.requested`, … `data`: masked, as JSON."""
    transaction.execute(
        insert(StoredEvent).values(
            id="msg_" + secrets.token_urlsafe(16),
            type=type_,
            conversation_id=conversation_id,
            data=data,
            created_at=now(),
        )
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
