"""What a restored database says of actions is old: they may have been carried out since.

A confirmed action becomes `unknown` and waits for a person, a proposal ends. Without that the
gateway would carry out a second time what was done after the backup.
"""

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from gateway.actions.sentences import reason_of
from gateway.actions.steps import GATEWAY, Step, take
from gateway.actions.verdicts import unknown
from gateway.storage.action_tables import Action

REASON = "restored from a backup: what happened after it is not known"


def settle(connection: Connection) -> int:
    """Ends them in the caller's transaction. Returns how many."""
    with Session(connection) as session:
        open_ones = select(Action).where(Action.status.in_(("proposed", "confirmed", "running")))
        found = session.scalars(open_ones.order_by(Action.created_at)).all()
        for action in found:
            session.expunge(action)
            if action.status == "proposed":
                take(session, action, None, Step("expired", GATEWAY, REASON))
                continue
            if action.status == "confirmed":
                take(session, action, None, Step("running", GATEWAY, REASON))
            take(session, action, None, unknown(action, reason_of(action, "restored"), REASON))
        session.flush()
    return len(found)
