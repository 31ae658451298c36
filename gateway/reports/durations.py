"""Mean and percentiles of times, exact on every database.

A percentile is by nearest rank: the smallest time that so many percent do not exceed.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

PERCENTILES = (50, 90, 95, 99)
NONE = {"count": 0, "mean": None, **{f"p{one}": None for one in PERCENTILES}}


def durations(counts: Iterable[tuple[int, int]]) -> dict[str, Any]:
    """{count, mean, p50, p90, p95, p99} of (time, how often) pairs, in the unit of the times.

    Without times all but `count` are null.
    """
    ordered = sorted((int(time), int(times)) for time, times in counts)
    count = sum(times for _, times in ordered)
    if not count:
        return dict(NONE)
    total = sum(time * times for time, times in ordered)
    ranks = {f"p{one}": -(-one * count // 100) for one in PERCENTILES}
    found: dict[str, int] = {}
    passed = 0
    for time, times in ordered:
        passed += times
        for name, rank in ranks.items():
            if passed >= rank:
                found.setdefault(name, time)
    return {"count": count, "mean": round(total / count, 1), **found}


def durations_by(
    session: Session, time: Any, group: Any, *where: ColumnElement[bool]
) -> dict[str, dict[str, Any]]:
    """`durations` of each value of `group`, ordered by the database: for many different times."""
    ranked = (
        select(
            group.label("its_group"),
            time.label("its_time"),
            func.row_number().over(partition_by=group, order_by=time).label("place"),
            func.count().over(partition_by=group).label("times"),
            func.sum(time).over(partition_by=group).label("total"),
        )
        .where(time.is_not(None), *where)
        .subquery()
    )
    ranks = [(one * ranked.c.times + 99) // 100 for one in PERCENTILES]
    rows = select(ranked).where(or_(*(ranked.c.place == rank for rank in ranks)))
    found: dict[str, dict[str, Any]] = {}
    for name, value, place, times, total in session.execute(rows):
        told = found.setdefault(name, {"count": int(times), "mean": round(int(total) / times, 1)})
        told |= {f"p{one}": int(value) for one in PERCENTILES if place == (one * times + 99) // 100}
    return {name: {key: told[key] for key in NONE} for name, told in found.items()}
