"""What a customer writes to a person, in the transaction that stores it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from gateway.handoffs.as_json import brief
from gateway.storage.events import record_event
from gateway.storage.models import Handoff
from gateway.storage.turns import now

MAX_TEXT = 8000  # characters in an event, as many as a message of staff may have


def customer_wrote(
    connection: Connection, conversation_id: str, turn: Mapping[str, Any], silence: float
) -> None:
    """Tells staff of a message in a claimed conversation, whose row is locked. From its first
    unanswered message on the customer waits, and the assignee has `silence` seconds again.

    Of a longer text the event has the first MAX_TEXT characters, and `is_cut`: open streams and
    deliveries hold many events in memory.

    `turn`: {id, role: "user", text: masked, files, created_at}.
    """
    moment = now()
    living = (Handoff.conversation_id == conversation_id, Handoff.status == "claimed")
    connection.execute(
        update(Handoff)
        .where(*living, Handoff.waiting_since.is_(None))
        .values(waiting_since=moment, due_at=moment + round(1000 * silence))
    )
    row: Any = connection.execute(select(*Handoff.__table__.c).where(*living)).one_or_none()
    if row is not None:
        data = {"conversation_id": conversation_id, "handoff": brief(row), "turn": _cut(turn)}
        record_event(connection, "handoff.message", conversation_id, data)


def _cut(turn: Mapping[str, Any]) -> dict[str, Any]:
    text = turn["text"]
    if len(text) <= MAX_TEXT:
        return dict(turn)
    return {**turn, "text": text[:MAX_TEXT], "is_cut": True}
