"""One step of a hand-over: its row, its turn and its event, in one transaction.

Whoever writes a hand-over holds the lock on the row of its conversation, as a question does.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from gateway.handoffs.as_json import as_json, brief, notice
from gateway.handoffs.states import Cause, Status, check_step
from gateway.service_hours import ServiceHours
from gateway.storage.event_tables import StoredEvent
from gateway.storage.events import record_event
from gateway.storage.models import Conversation, Handoff, Turn
from gateway.storage.turns import now

# What an event keeps of a hand-over whose conversation was deleted.
WITHOUT_WORDS = ("id", "object", "number", "status", "reason", "assignee", "created_at", "version")


@dataclass(frozen=True, slots=True)
class Step:
    """`values`: other columns that change."""

    now: Status
    cause: Cause
    values: Mapping[str, Any] = field(default_factory=dict)


def lock_conversation(session: Session, conversation_id: str, *, skip_locked: bool = False) -> bool:
    """False where it was deleted, or with `skip_locked` where another transaction holds it."""
    wanted = select(Conversation.id).where(Conversation.id == conversation_id)
    return session.scalar(wanted.with_for_update(skip_locked=skip_locked)) is not None


def begin(session: Session, handoff: Handoff, hours: ServiceHours) -> None:
    """Tells of a new hand-over whose row is written. Raises WrongStep."""
    status: Any = handoff.status
    check_step(None, status)
    _tell(session, handoff, "requested", as_json(handoff, hours), hours)


def take(session: Session, handoff: Handoff, step: Step, hours: ServiceHours) -> None:
    """Writes the step of a locked hand-over, and its new values into `handoff`.

    Raises WrongStep.
    """
    check_step(handoff.status, step.now)
    values = {**step.values, "status": step.now, "version": handoff.version + 1}
    session.execute(
        update(Handoff)
        .where(Handoff.id == handoff.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    for name, value in values.items():
        setattr(handoff, name, value)
    _tell(session, handoff, step.cause, brief(handoff), hours)


def add_turn(
    session: Session,
    handoff: Handoff,
    *,
    role: str,
    text: str = "",
    author: str | None = None,
    notice: dict[str, Any] | None = None,
    turn_id: str = "",
) -> dict[str, Any]:
    """Adds a turn to the locked conversation. Returns it as events and conversations tell it."""
    moment = now()
    told = {
        "id": turn_id or "turn-" + secrets.token_urlsafe(12),
        "role": role,
        "text": text,
        "author": author,
        "notice": notice,
    }
    mine = Conversation.id == handoff.conversation_id
    session.execute(update(Conversation).where(mine).values(updated_at=moment))
    row: dict[str, Any] = {
        **{name: one for name, one in told.items() if one is not None},
        "conversation_id": handoff.conversation_id,
        "state": "done",
        "created_at": moment,
        "degraded": False,
        "citations": [],
        "reading": [],
    }
    session.execute(insert(Turn).values(row))
    return {**told, "created_at": moment // 1000}


def record(
    session: Session, handoff: Handoff, type_: str, told: Mapping[str, Any], **more: Any
) -> None:
    """`told`: the hand-over as JSON."""
    data = {"conversation_id": handoff.conversation_id, "handoff": dict(told), **more}
    record_event(session, type_, handoff.conversation_id, data)


def _tell(
    session: Session,
    handoff: Handoff,
    cause: Cause,
    told: Mapping[str, Any],
    hours: ServiceHours,
) -> None:
    turn = add_turn(session, handoff, role="assistant", notice=notice(handoff, cause, hours))
    name = "released" if cause == "silent" else cause
    record(session, handoff, f"handoff.{name}", told, cause=cause, turn=turn)


def stop_answers(session: Session, conversation_id: str) -> Sequence[str]:
    """Ends the answers that are being written in a locked conversation. Returns their ids."""
    writing = (Turn.conversation_id == conversation_id, Turn.state == "writing")
    stopped = session.scalars(select(Turn.id).where(*writing)).all()
    session.execute(update(Turn).where(*writing).values(state="stopped", writer=None))
    return stopped


def forget_handoff_words(session: Session, conversation_id: str) -> None:
    """Takes what was said out of the events of a conversation that is deleted."""
    here = (StoredEvent.conversation_id == conversation_id, StoredEvent.type.like("handoff.%"))
    rows = session.execute(select(StoredEvent.number, StoredEvent.data).where(*here)).all()
    for number, data in rows:
        kept = {key: data["handoff"].get(key) for key in WITHOUT_WORDS}
        session.execute(
            update(StoredEvent)
            .where(StoredEvent.number == number)
            .values(data={"conversation_id": conversation_id, "handoff": kept})
        )
