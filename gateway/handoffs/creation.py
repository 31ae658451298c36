"""Opens a hand-over, with a number that people can say."""

import secrets
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.errors import StoreUnavailable
from gateway.handoffs.steps import begin
from gateway.handoffs.summary import Summary
from gateway.service_hours import ServiceHours
from gateway.storage.database import Database
from gateway.storage.models import Handoff
from gateway.storage.turns import now

TRIES = 20
LEAST_DIGITS = 4


def living_in(session: Session, conversation_id: str) -> Handoff | None:
    """The conversation's hand-over that is not resolved. There is one at most."""
    here = (Handoff.conversation_id == conversation_id, Handoff.status != "resolved")
    return session.scalar(select(Handoff).where(*here))


def open_handoff(
    session: Session,
    database: Database,
    conversation_id: str,
    values: dict[str, Any],
    summary: Summary,
    hours: ServiceHours,
    claim_timeout: float,
) -> Handoff:
    """Opens one in a locked conversation that has no living one. `values`: owner, note, contact.

    Raises StoreUnavailable where no number is free.
    """
    moment = now()
    row = {
        # Ids of one second are in the order of their making: `Claims` needs to know it.
        "id": f"handoff-{moment:011x}-{secrets.token_urlsafe(12)}",
        "conversation_id": conversation_id,
        "status": "open",
        "reason": summary.reason,
        "rule": summary.rule,
        "summary": summary.text,
        "details": summary.details,
        "fields": summary.fields,
        "pictures": summary.pictures,
        "created_at": moment,
        "due_at": hours.after(moment, claim_timeout),
        **values,
    }
    living = session.scalar(select(func.count()).where(Handoff.status != "resolved")) or 0
    for _ in range(TRIES):
        insert = database.insert(Handoff).values(**row, number=_number(living))
        inserted: Any = session.execute(insert.on_conflict_do_nothing())
        if inserted.rowcount:
            made = session.get_one(Handoff, row["id"])
            session.expunge(made)
            begin(session, made, hours)
            return made
    raise StoreUnavailable("No number is free for another hand-over.", retry_after=60)


def _number(living: int) -> int:
    """A number of four digits, or of more while a tenth of those are taken."""
    least: int = 10 ** max(LEAST_DIGITS - 1, len(str(living)))
    return least + secrets.randbelow(9 * least)
