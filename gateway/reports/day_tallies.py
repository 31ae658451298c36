"""Tallies of days that are over, kept so that figures of a long time count few rows.

The database itself removes the tally of a day when what it was counted from changes (migration
0011); then figures count that day anew, until this task has done it.
"""

import asyncio
from dataclasses import asdict, replace
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from gateway.errors import GatewayError
from gateway.reports.answers import ASSISTANT
from gateway.reports.period import DAY_MS, Period
from gateway.reports.tally import Tally, tally_of
from gateway.storage.database import Database
from gateway.storage.day_tally_table import DayTally
from gateway.storage.models import Turn
from gateway.storage.turns import now

log = structlog.get_logger()

EVERY_SECONDS = 60
PAUSE_SECONDS = 0.05  # between two days
# After the end of a day. The triggers count on three days at least.
SETTLED_MS = 3 * DAY_MS
MAX_GAPS = 20  # between kept days; with more of them the whole period is counted at once
LOCK = 7_305_442_000_000_000  # plus the day; changes of its turns take the same, shared
ALONE = text("SELECT pg_try_advisory_xact_lock(:lock)")
UTC = ZoneInfo("UTC")


class DayTallies:
    """`run` belongs to the event loop; call the rest from threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                for day in await asyncio.to_thread(self.missing, now()):
                    await asyncio.to_thread(self.keep, day, now())
                    await asyncio.sleep(PAUSE_SECONDS)
            except GatewayError as error:
                log.warning("day_tallies_failed", error=error.code)
            await asyncio.sleep(EVERY_SECONDS)

    def missing(self, moment: int) -> list[int]:
        """Days since 1970 that are over and have no tally, newest first. Raises StoreUnavailable,
        UpstreamTimeout."""
        first = select(func.min(Turn.created_at)).where(Turn.role != ASSISTANT)
        with self._database.reading() as session:
            kept = set(session.scalars(select(DayTally.day)))
            oldest = session.scalar(first)
        if oldest is None:
            return []
        days = range(oldest // DAY_MS, (moment - SETTLED_MS) // DAY_MS)
        return [day for day in reversed(days) if day not in kept]

    def keep(self, day: int, moment: int) -> bool:
        """Counts the day. False where another gateway counts it or somebody changes it now. Raises
        StoreUnavailable."""
        with self._database.writing() as session:
            count_quickly(session, self._database)
            if not self._database.is_sqlite and not session.scalar(ALONE, {"lock": LOCK + day}):
                return False
            if session.get(DayTally, day) is None:
                span = Period(day * DAY_MS, (day + 1) * DAY_MS, UTC)
                told = asdict(tally_of(session, span, moment))
                session.add(DayTally(day=day, tally=told))
            return True


def count_quickly(session: Session, database: Database) -> None:
    """For this transaction of PostgreSQL: compiling a query takes longer than running it."""
    if not database.is_sqlite:
        session.execute(text("SET LOCAL jit = off"))


def tally_of_days(session: Session, period: Period, moment: int) -> Tally:
    """Of the period: the tallies of its days, and what has none counted now."""
    wanted = (
        select(DayTally.day, DayTally.tally)
        .where(DayTally.day >= -(-period.start // DAY_MS), DayTally.day < period.end // DAY_MS)
        .order_by(DayTally.day)
    )
    total, at, gaps = Tally(), period.start, []
    for day, told in session.execute(wanted):
        if at < day * DAY_MS:
            gaps.append(replace(period, start=at, end=day * DAY_MS))
        total.add(Tally(**told))
        at = (day + 1) * DAY_MS
    if at < period.end:
        gaps.append(replace(period, start=at))
    if len(gaps) > MAX_GAPS:
        return tally_of(session, period, moment)
    for gap in gaps:
        total.add(tally_of(session, gap, moment))
    return total
