"""Mean and percentiles of times, from counts of equal times: exact on every database."""

from collections.abc import Iterable
from typing import Any

PERCENTILES = (50, 90, 95, 99)


def durations(counts: Iterable[tuple[int, int]]) -> dict[str, Any]:
    """{count, mean, p50, p90, p95, p99} of (time, how often) pairs, in the unit of the times.

    A percentile is by nearest rank: the smallest time that so many percent do not exceed. Without
    times all but `count` are null.
    """
    ordered = sorted((int(time), int(times)) for time, times in counts)
    count = sum(times for _, times in ordered)
    if not count:
        return {"count": 0, "mean": None, **{f"p{one}": None for one in PERCENTILES}}
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
