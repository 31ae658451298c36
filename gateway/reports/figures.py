"""All figures of a period, each a query over an index (docs/records.md has their formulas)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

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
        head = {
            "object": "stats",
            "from": period.start // 1000,
            "to": -(-period.end // 1000),
            "zone": period.zone.key,
            "created_at": moment // 1000,
        }
        # Two connections: PostgreSQL reads both at once, SQLite's driver lets other threads run.
        with ThreadPoolExecutor(1, "figures") as other:
            second = other.submit(self._second_half, period, moment)
            with self._reading() as session:
                first = {
                    **counted(session, period),
                    **waiting_times(session, period),
                    "without_clause": {"questions": count(session, period)},
                }
                unanswered = newest(session, period)
            return Found({**head, **first, **second.result()}, unanswered)

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with self._database.reading() as session:
            if not self._database.is_sqlite:  # compiling a query takes longer than running it
                session.execute(text("SET LOCAL jit = off"))
            yield session

    def _second_half(self, period: Period, moment: int) -> dict[str, Any]:
        with self._reading() as session:
            rated = ratings(session, period)
            handed = handoffs(session, period)
            counts = rated["up"], handed["solved"], self._minutes_saved
            return {
                **subjects(session, period),
                "ratings": rated,
                "handoffs": handed,
                "actions": actions(session, period),
                "resolution": resolution(session, period, *counts, moment),
            }
