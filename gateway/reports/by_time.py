"""Counts of a tally: in all, by day and by hour of the day."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np

from gateway.reports.period import Period
from gateway.reports.tally import COUNTS, OUTCOMES, QUARTER_MS, STATES, WIDTH, Tally

OF_DAY = ("questions", "answers", "up", "down", "handoffs")
MAX_EMPTY = timedelta(days=400)
Counts = dict[str, int]
NOTHING = dict.fromkeys(COUNTS, 0)


def counted(tally: Tally, period: Period) -> dict[str, Any]:
    """{questions, answers, staff_messages, outcomes, states, degraded, ungrounded, tokens, by_day,
    by_hour}: docs/records.md has the formulas."""
    rows = np.array(tally.quarters, np.int64).reshape(-1, WIDTH)
    moments = [period.local(QUARTER_MS * quarter) for quarter in rows[:, 0].tolist()]
    total = _counts(rows.sum(axis=0))
    days = _summed(rows, [moment.toordinal() for moment in moments])
    hours = _summed(rows, [moment.hour for moment in moments])
    return {
        **{name: total[name] for name in ("questions", "answers", "staff_messages")},
        "outcomes": {name: total[name] for name in OUTCOMES},
        "states": {name: total[name] for name in STATES},
        "degraded": total["degraded"],
        "ungrounded": total["ungrounded"],
        "tokens": {"prompt": total["prompt"], "completion": total["completion"]},
        "by_day": list(_days(days, period)),
        "by_hour": [{"hour": hour, **_of_day(hours.get(hour, NOTHING))} for hour in range(24)],
    }


def _summed(rows: Any, keys: list[int]) -> dict[int, Counts]:
    """The counts of each key. `keys`: of each row."""
    found, places = np.unique(np.array(keys, np.int64), return_inverse=True)
    sums = np.zeros((len(found), WIDTH), np.int64)
    np.add.at(sums, places, rows)
    return {int(key): _counts(row) for key, row in zip(found, sums, strict=True)}


def _counts(row: Any) -> Counts:
    return dict(zip(COUNTS, row[1:].tolist(), strict=True))


def _of_day(counts: Mapping[str, int]) -> Counts:
    return {name: counts[name] for name in OF_DAY}


def _days(days: Mapping[int, Counts], period: Period) -> Iterator[dict[str, Any]]:
    """Every day of the period. Of a long one, those from the first to the last with a count."""
    first, last = period.local(period.start).date(), period.local(period.end - 1).date()
    if last - first > MAX_EMPTY:
        end = last.toordinal()
        first = date.fromordinal(min(days, default=end))
        last = date.fromordinal(max(days, default=end))
    for day in range(first.toordinal(), last.toordinal() + 1):
        counts = days.get(day, NOTHING)
        yield {
            "date": date.fromordinal(day).isoformat(),
            **_of_day(counts),
            "outcomes": {name: counts[name] for name in OUTCOMES},
            "tokens": {"prompt": counts["prompt"], "completion": counts["completion"]},
        }
