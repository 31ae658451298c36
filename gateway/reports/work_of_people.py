"""What people did: hand-overs with their times, and actions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from gateway.reports.answers import within
from gateway.reports.durations import NONE, durations_by
from gateway.reports.period import Period
from gateway.storage.action_tables import Action
from gateway.storage.models import Handoff

ALL = "all"
WAITING = (Handoff.first_claimed_at - Handoff.created_at) // 1000
HANDLING = Handoff.handled // 1000
IS_HANDLED = (Handoff.status == "resolved", Handoff.first_claimed_at.is_not(None))


def handoffs(session: Session, period: Period) -> dict[str, Any]:
    """{requested, …, by_reason: [{reason, requested, …}]}: docs/records.md has the formulas. Times
    are seconds, and people's alone: waiting for the first claim, and having it claimed."""
    columns = {
        "reason": Handoff.reason,
        "status": Handoff.status,
        "outcome": Handoff.outcome,
        "is_missed": Handoff.missed_at.is_not(None),
        "is_claimed": Handoff.first_claimed_at.is_not(None),
    }
    rows = (
        select(*(column.label(f"its_{name}") for name, column in columns.items()))
        .add_columns(func.count().label("times"))
        .where(within(Handoff.created_at, period))
        .group_by(*(f"its_{name}" for name in columns))
    )
    found = session.execute(rows).all()
    times = _times(session, period)
    reasons = sorted({row.its_reason for row in found})
    return {
        **_figures(found, times[ALL]),
        "by_reason": [
            {
                "reason": one,
                **_figures([row for row in found if row.its_reason == one], times.get(one, {})),
            }
            for one in reasons
        ],
    }


def _times(session: Session, period: Period) -> dict[str, dict[str, Any]]:
    """{waiting_s, handling_s} by reason, and of ALL."""
    here = within(Handoff.created_at, period)
    found: dict[str, dict[str, Any]] = {ALL: {}}
    for name, time, where in (
        ("waiting_s", WAITING, [here]),
        ("handling_s", HANDLING, [here, *IS_HANDLED]),
    ):
        for group in (Handoff.reason, literal(ALL)):
            for reason, told in durations_by(session, time, group, *where).items():
                found.setdefault(reason, {})[name] = told
    return found


def _figures(rows: Sequence[Any], times: dict[str, Any]) -> dict[str, Any]:
    resolved = [row for row in rows if row.its_status == "resolved"]
    return {
        "requested": _sum(rows),
        "claimed": _sum(row for row in rows if row.its_is_claimed),
        "missed": _sum(row for row in rows if row.its_is_missed),
        "resolved": _sum(resolved),
        "solved": _sum(row for row in resolved if row.its_outcome == "solved"),
        "unsolved": _sum(row for row in resolved if row.its_outcome == "unsolved"),
        "waiting_s": times.get("waiting_s", dict(NONE)),
        "handling_s": times.get("handling_s", dict(NONE)),
    }


def _sum(rows: Any) -> int:
    return sum(int(row.times) for row in rows)


def actions(session: Session, period: Period) -> dict[str, Any]:
    """{proposed, by_status: {status: n}, by_connector: [{connector, proposed, by_status}]}.

    Messages to the customer that follow from an action are none.
    """
    rows = (
        select(Action.connector, Action.status, func.count())
        .where(within(Action.created_at, period), Action.parent_id.is_(None))
        .group_by(Action.connector, Action.status)
    )
    found = [(str(one), str(status), int(times)) for one, status, times in session.execute(rows)]
    names = sorted({connector for connector, _, _ in found})
    return {
        **_by_status((status, times) for _, status, times in found),
        "by_connector": [
            {
                "connector": name,
                **_by_status((status, times) for one, status, times in found if one == name),
            }
            for name in names
        ],
    }


def _by_status(counts: Any) -> dict[str, Any]:
    by_status: dict[str, int] = {}
    for status, times in counts:
        by_status[status] = by_status.get(status, 0) + times
    return {"proposed": sum(by_status.values()), "by_status": dict(sorted(by_status.items()))}
