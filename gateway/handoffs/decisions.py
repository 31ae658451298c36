"""Which step a decision of staff or of time is, given the hand-over as it is now."""

from typing import Any

from gateway.errors import HandoffTaken
from gateway.handoffs.states import WAITING, Cause, Outcome
from gateway.handoffs.steps import Step
from gateway.service_hours import ServiceHours
from gateway.storage.models import Handoff
from gateway.storage.turns import now


def claim(handoff: Handoff, who: str, silence: float) -> Step | None:
    """None where it is theirs already. Raises HandoffTaken."""
    if handoff.status == "claimed" and handoff.assignee == who:
        return None
    if handoff.status not in WAITING:
        raise taken(handoff)
    moment = now()
    values = {
        "assignee": who,
        "claimed_at": moment,
        "first_claimed_at": handoff.first_claimed_at or moment,
        "waiting_since": moment,
        "due_at": moment + round(1000 * silence),
    }
    return Step("claimed", "claimed", values)


def release(handoff: Handoff, cause: Cause, hours: ServiceHours, timeout: float) -> Step:
    """Back to the queue, with a new time to be claimed in."""
    moment = now()
    values = {
        **_ended(handoff, moment),
        "assignee": None,
        "claimed_at": None,
        "due_at": hours.after(moment, timeout),
    }
    return Step("open", cause, values)


def resolve(handoff: Handoff, who: str, outcome: Outcome, note: str) -> Step | None:
    """`note`: masked. None where they have resolved it already. Raises HandoffTaken."""
    if handoff.status == "resolved" and handoff.assignee == who:
        return None
    if handoff.status == "resolved":
        raise taken(handoff)
    if handoff.status == "claimed":
        check_theirs(handoff, who)
    moment = now()
    values = {
        **_ended(handoff, moment),
        "assignee": who,
        "resolved_at": moment,
        "due_at": None,
        "outcome": outcome,
        "resolution": note,
    }
    return Step("resolved", "resolved", values)


def time_is_over(handoff: Handoff, moment: int, hours: ServiceHours, timeout: float) -> Step | None:
    """None where its time is not over at `moment`."""
    if handoff.due_at is None or handoff.due_at > moment:
        return None
    if handoff.status == "open":
        return Step("missed", "missed", {"missed_at": moment, "due_at": None})
    if handoff.status == "claimed":
        return release(handoff, "silent", hours, timeout)
    return None


def check_theirs(handoff: Handoff, who: str) -> None:
    """Raises HandoffTaken where `who` has not claimed it."""
    if handoff.status != "claimed" or handoff.assignee != who:
        raise taken(handoff)


def taken(handoff: Handoff) -> HandoffTaken:
    said = {
        "claimed": f"{handoff.assignee} has claimed this hand-over.",
        "resolved": "This hand-over is resolved.",
    }
    return HandoffTaken(
        said.get(handoff.status, "Claim this hand-over first."),
        param="id",
        details={"assignee": handoff.assignee, "status": handoff.status},
    )


def _ended(handoff: Handoff, moment: int) -> dict[str, Any]:
    """The assignee has it no longer."""
    had = moment - handoff.claimed_at if handoff.claimed_at is not None else 0
    return {"waiting_since": None, "handled": handoff.handled + max(0, had)}
