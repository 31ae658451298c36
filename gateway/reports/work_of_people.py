"""What people did: hand-overs with their times, and actions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.reports.answers import within
from gateway.reports.durations import durations
from gateway.reports.period import Period
from gateway.storage.models import Action, Handoff


def handoffs(session: Session, period: Period) -> dict[str, Any]:
    """{requested, …, by_reason: [{reason, requested, …}]}: docs/records.md has the formulas. Times
    are seconds, and people's alone: waiting for the first claim, and having it claimed."""
    columns = {
        "reason": Handoff.reason,
        "status": Handoff.status,
        "outcome": Handoff.outcome,
        "is_missed": Handoff.missed_at.is_not(None),
        "waiting": (Handoff.first_claimed_at - Handoff.created_at) // 1000,
        "handling": Handoff.handled // 1000,
    }
    rows = (
        select(*(column.label(f"its_{name}") for name, column in columns.items()))
        .add_columns(func.count().label("times"))
        .where(within(Handoff.created_at, period))
        .group_by(*(f"its_{name}" for name in columns))
    )
    found = session.execute(rows).all()
    reasons = sorted({row.its_reason for row in found})
    return {
        **_figures(found),
        "by_reason": [
            {"reason": one, **_figures([row for row in found if row.its_reason == one])}
            for one in reasons
        ],
    }


def _figures(rows: Sequence[Any]) -> dict[str, Any]:
    claimed = [row for row in rows if row.its_waiting is not None]
    resolved = [row for row in rows if row.its_status == "resolved"]
    handled = [row for row in resolved if row.its_waiting is not None]
    return {
        "requested": _sum(rows),
        "claimed": _sum(claimed),
        "missed": _sum(row for row in rows if row.its_is_missed),
        "resolved": _sum(resolved),
        "solved": _sum(row for row in resolved if row.its_outcome == "solved"),
        "unsolved": _sum(row for row in resolved if row.its_outcome == "unsolved"),
        "waiting_s": durations((row.its_waiting, row.times) for row in claimed),
        "handling_s": durations((row.its_handling, row.times) for row in handled),
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
