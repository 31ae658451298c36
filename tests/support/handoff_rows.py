"""Events of hand-overs as stored, and a customer's message as the chat stores it."""

import secrets
from functools import partial
from typing import Any

from sqlalchemy import select

from gateway.handoffs.questions import customer_wrote
from gateway.storage.database import Database
from gateway.storage.event_tables import StoredEvent
from gateway.storage.turn_writes import open_all
from gateway.storage.turns import Asked, Opened, question_row
from tests.support.databases import ME


def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """(type, data) of all events of hand-overs, in order."""
    wanted = select(StoredEvent.type, StoredEvent.data).where(StoredEvent.type.like("handoff.%"))
    with database.reading() as session:
        return [(row[0], row[1]) for row in session.execute(wanted.order_by(StoredEvent.number))]


def wrote(
    database: Database, conversation_id: str, silence: float = 300, text: str = "hello?"
) -> bool:
    """Whether the message went to a person."""
    asked = Asked(ME, conversation_id, f"answer-{secrets.token_hex(8)}", text)
    heard = partial(customer_wrote, silence=silence)
    [opened] = open_all(database, [question_row(asked)], heard)
    assert isinstance(opened, Opened)
    return opened.before.claimed is not None
