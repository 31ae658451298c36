"""One step of an action: its row, its audit entry, its event and its turn, in one transaction."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from gateway.actions.as_json import as_json
from gateway.actions.masked import masked_arguments
from gateway.actions.states import ENDS, Status, check_step
from gateway.connectors.tool import Tool
from gateway.privacy.redaction import mask
from gateway.storage.action_tables import Action, AuditEntry
from gateway.storage.events import record_event
from gateway.storage.models import Conversation, Turn
from gateway.storage.turns import now

MAX_REASON = 2000  # characters
OFFERING = ("failed", "unknown")  # ends that offer the customer a person
OFFER = {"reason": "action"}
ASSISTANT, GATEWAY, CUSTOMER = "assistant", "gateway", "customer"  # who, beside staff's names


@dataclass(frozen=True, slots=True)
class Step:
    """`who`: ASSISTANT, GATEWAY, CUSTOMER or the name of a staff member. `reason`: for the audit.
    `values`: other columns that change. `turn`: what the conversation is told; "": nothing.
    `follows`: a notification that begins with this step."""

    now: Status
    who: str
    reason: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    turn: str = ""
    follows: "tuple[Action, Tool] | None" = None


def begin(session: Session, action: Action, tool: Tool | None, who: str, reason: str = "") -> None:
    """Writes a new action with its first status. Raises WrongStep."""
    status: Any = action.status
    check_step(None, status)
    session.add(action)
    session.flush()
    _record(session, action, tool, None, Step(status, who, reason))
    session.expunge(action)


def take(session: Session, action: Action, tool: Tool | None, step: Step) -> bool:
    """Writes the step of a locked action, and its new values into `action`.

    False where the row has meanwhile another status, in which case nothing is written.
    Raises WrongStep.
    """
    was = action.status
    check_step(was, step.now)
    values = {**step.values, "status": step.now}
    if step.now in ENDS:  # nothing is sent any more
        values |= _masked(action, tool)
    changed: Any = session.execute(
        update(Action)
        .where(Action.id == action.id, Action.status == was)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:
        return False
    for name, value in values.items():
        setattr(action, name, value)
    _record(session, action, tool, was, step)
    if step.turn and action.parent_id is None:  # messages to the customer speak for themselves
        _tell(session, action, step)
    if step.follows is not None:
        begin(session, *step.follows, who=GATEWAY, reason=f"follows {action.id}")
    return True


def _masked(action: Action, tool: Tool | None) -> dict[str, Any]:
    fields = tool.field_of if tool else {}
    before = action.before and masked_arguments(action.before, fields)
    return {"arguments": masked_arguments(action.arguments, fields), "before": before}


def _record(
    session: Session, action: Action, tool: Tool | None, was: str | None, step: Step
) -> None:
    """The audit entry; and the event, but for another try of what runs already."""
    session.execute(
        insert(AuditEntry).values(
            action_id=action.id,
            time=now(),
            who=step.who,
            was=was,
            now=step.now,
            reason=mask(step.reason)[:MAX_REASON],
        )
    )
    if was != step.now:
        told: dict[str, Any] = {"action": as_json(action, tool, is_masked=True)}
        if action.conversation_id:
            told["conversation_id"] = action.conversation_id
            told |= {"offer": OFFER} if step.now in OFFERING else {}
        record_event(session, f"action.{step.now}", action.conversation_id, told)


def _tell(session: Session, action: Action, step: Step) -> None:
    """A turn in the conversation, unless it has been deleted."""
    moment = now()
    mine = (Conversation.id == action.conversation_id, Conversation.owner == action.owner)
    if session.scalar(select(Conversation.id).where(*mine).with_for_update()) is None:
        return
    session.execute(update(Conversation).where(*mine).values(updated_at=moment))
    session.execute(
        insert(Turn).values(
            id="turn-" + secrets.token_urlsafe(12),
            conversation_id=action.conversation_id,
            role="assistant",
            state="done",
            text=mask(step.turn),
            created_at=moment,
            degraded=False,
            citations=[],
            reading=[],
            notice={"type": "action", "action": action.id, "status": step.now},
            offer={**OFFER, "rule": ""} if step.now in OFFERING else None,
        )
    )
