"""Conversations that a person is asked to take over."""

import secrets
from typing import Any

from sqlalchemy import select

from gateway.privacy.redaction import mask
from gateway.storage.database import Database
from gateway.storage.events import record_event
from gateway.storage.models import Conversation, Handoff
from gateway.storage.owners import digest, no_conversation
from gateway.storage.turns import now


class Handoffs:
    """Synchronous: call it from threads. All raise StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hand_over(self, owner: str, conversation_id: str, note: str) -> dict[str, Any]:
        """Opens a hand-over; its note is stored masked.

        Returns {id, object, conversation_id, status, created_at}, the time in seconds since 1970.
        Raises NotFound where the conversation is not the owner's.
        """
        with self._database.writing() as session:
            mine = (Conversation.id == conversation_id, Conversation.owner == digest(owner))
            if session.scalar(select(Conversation.id).where(*mine).with_for_update()) is None:
                raise no_conversation(conversation_id)
            made = Handoff(
                id="handoff-" + secrets.token_urlsafe(12),
                conversation_id=conversation_id,
                note=mask(note),
                status="open",
                created_at=now(),
            )
            session.add(made)
            handoff = {
                "id": made.id,
                "object": "handoff",
                "conversation_id": conversation_id,
                "status": made.status,
                "created_at": made.created_at // 1000,
            }
            told = {"conversation_id": conversation_id, "handoff": {**handoff, "note": made.note}}
            record_event(session, "handoff.requested", conversation_id, told)
            return handoff
