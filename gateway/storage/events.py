"""Writes what other systems and open pages hear of, in the transaction of what it tells."""

import secrets
from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.orm import Session

from gateway.storage.models import StoredEvent
from gateway.storage.turns import now


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
