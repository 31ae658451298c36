"""All figures of a period, each a query over an index (docs/records.md has their formulas)."""

from dataclasses import dataclass
from typing import Any

from gateway.reports.answer_times import ratings, subjects, waiting_times
from gateway.reports.by_time import counted
from gateway.reports.period import Period
from gateway.reports.resolution import resolution
from gateway.reports.unanswered import Unanswered, count, newest
from gateway.reports.work_of_people import actions, handoffs
from gateway.storage.database import Database
from gateway.storage.turns import now


@dataclass(frozen=True, slots=True)
class Found:
    """`figures` has everything but the groups of `unanswered`."""

    figures: dict[str, Any]
    unanswered: list[Unanswered]


class Figures:
    """Synchronous: call it from threads. Raises StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database, minutes_saved: float) -> None:
        """`minutes_saved` by a resolved question."""
        self._database = database
        self._minutes_saved = minutes_saved

    def read(self, period: Period) -> Found:
        moment = now()
        with self._database.reading() as session:
            figures: dict[str, Any] = {
                "object": "stats",
                "from": period.start // 1000,
                "to": -(-period.end // 1000),
                "zone": period.zone.key,
                "created_at": moment // 1000,
                **counted(session, period),
                **subjects(session, period),
                **waiting_times(session, period),
                "ratings": ratings(session, period),
                "handoffs": handoffs(session, period),
                "actions": actions(session, period),
                "without_clause": {"questions": count(session, period)},
            }
            figures["resolution"] = resolution(
                session,
                period,
                figures["ratings"]["up"],
                figures["handoffs"]["solved"],
                self._minutes_saved,
                moment,
            )
            unanswered = newest(session, period)
        return Found(figures, unanswered)
