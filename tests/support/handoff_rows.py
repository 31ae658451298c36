"""Events of hand-overs as stored, and a customer's message as the chat stores it."""

from typing import Any

from sqlalchemy import select

from gateway.handoffs.questions import claimed_in, customer_wrote
from gateway.storage.database import Database
from gateway.storage.models import Conversation, StoredEvent


def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """(type, data) of all events of hand-overs, in order."""
    wanted = select(StoredEvent.type, StoredEvent.data).where(StoredEvent.type.like("handoff.%"))
    with database.reading() as session:
        return [(row[0], row[1]) for row in session.execute(wanted.order_by(StoredEvent.number))]


def wrote(database: Database, conversation_id: str, silence: float = 300) -> bool:
    """Whether the message went to a person."""
    here = Conversation.id == conversation_id
    with database.connected() as connection:
        connection.execute(select(Conversation.id).where(here).with_for_update())
        if conversation_id not in claimed_in(connection, [conversation_id]):
            return False
        turn = {"id": "turn-1", "role": "user", "text": "hello?", "created_at": 0}
        customer_wrote(connection, conversation_id, turn, silence)
        return True
