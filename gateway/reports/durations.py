"""Mean and percentiles of times, exact on every database.

A percentile is by nearest rank: the smallest time that so many percent do not exceed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

PERCENTILES = (50, 90, 95, 99)
NONE = {"count": 0, "mean": None, **{f"p{one}": None for one in PERCENTILES}}


def durations(times: Sequence[int]) -> dict[str, Any]:
    """{count, mean, p50, p90, p95, p99}, in the unit of the times. `times`: a time, how often it
    was, the next time; one may come more than once.

    Without times all but `count` are null.
    """
    pairs = np.array(times, np.int64).reshape(-1, 2)
    ordered = pairs[pairs[:, 0].argsort()]
    passed = ordered[:, 1].cumsum()
    if not len(ordered):
        return dict(NONE)
    count, total = int(passed[-1]), int(ordered.prod(axis=1).sum())
    ranks = {f"p{one}": -(-one * count // 100) for one in PERCENTILES}
    found = {name: int(ordered[passed.searchsorted(rank), 0]) for name, rank in ranks.items()}
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
