"""Gauges of the desk's state: what waits, what has a problem, and how much room is left.

They are computed in the background, so a scrape asks nothing of the database. Several gateways on
one database report the same figures.
"""

import asyncio
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import func, select

from gateway.errors import GatewayError
from gateway.observability.metrics import Metrics
from gateway.reports.certificate import certificate_end
from gateway.reports.clock_step import ClockStep
from gateway.service_hours import ServiceHours
from gateway.storage.action_tables import Action
from gateway.storage.database import Database
from gateway.storage.event_tables import StoredEvent, WebhookDelivery
from gateway.storage.turns import now

log = structlog.get_logger()
LOOK_SECONDS = 10.0
CERTIFICATE_SECONDS = 20.0
OPEN_ACTIONS = ("proposed", "confirmed", "running", "unknown")

# Made once: a statement leaves a reference cycle, and these are asked for ever.
COUNT_ACTIONS = (
    select(Action.status, func.count())
    .where(Action.status.in_(OPEN_ACTIONS))
    .group_by(Action.status)
)
OLDEST_DELIVERY = select(StoredEvent.created_at).where(
    StoredEvent.number
    == select(func.min(WebhookDelivery.event_number))
    .where(WebhookDelivery.state == "waiting")
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Figures of parts that are above this package, asked at each look."""

    clauses: Callable[[], int]
    knowledge_problems: Callable[[], int]
    connector_problems: Callable[[], int]


class StateGauges:
    """One in each gateway. `run` until cancelled."""

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        counts: Counts,
        hours: ServiceHours,
        data_dir: Path,
        certificate_url: str = "",
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._counts = counts
        self._hours = hours
        self._data_dir = data_dir
        self._certificate_url = certificate_url
        self._certificate_at = 0.0
        self._clock_step = ClockStep()

    async def run(self) -> None:
        while True:
            await asyncio.to_thread(self.look)
            await self.look_at_certificate()
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """In a thread. A database or disk that does not answer keeps its last figures."""
        metrics, counts = self._metrics, self._counts
        metrics.clauses.set(counts.clauses())
        metrics.knowledge_problems.set(counts.knowledge_problems())
        metrics.connector_problems.set(counts.connector_problems())
        metrics.service_open.set(self._hours.is_open(now()))
        metrics.clock_step.set(self._clock_step.seconds())
        with suppress(OSError):
            disk = shutil.disk_usage(os.fspath(self._data_dir))
            metrics.disk_size.set(disk.total)
            metrics.disk_free.set(disk.free)
        answers = self._database.answers()
        metrics.database_up.set(answers)
        if answers:
            with suppress(GatewayError):
                self._look_at_database()

    def _look_at_database(self) -> None:
        """Raises StoreUnavailable, UpstreamTimeout."""
        with self._database.reading() as session:
            found: dict[str, int] = {row[0]: row[1] for row in session.execute(COUNT_ACTIONS)}
            oldest = session.scalar(OLDEST_DELIVERY)
        for status in OPEN_ACTIONS:
            self._metrics.actions_open.labels(status).set(found.get(status, 0))
        waited = 0 if oldest is None else max(0, now() - oldest) / 1000
        self._metrics.outbox_oldest.set(waited)

    async def look_at_certificate(self) -> None:
        moment = asyncio.get_running_loop().time()
        if not self._certificate_url or moment < self._certificate_at:
            return
        self._certificate_at = moment + CERTIFICATE_SECONDS
        try:
            end = await certificate_end(self._certificate_url)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            log.debug("no_certificate", reason=str(error))
            end = 0.0
        self._metrics.certificate_end.set(end)
