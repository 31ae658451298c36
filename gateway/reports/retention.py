"""RETENTION_DAYS: removes older conversations, files, actions and audit, once a day.

It goes in batches, each in a transaction of its own, so that nobody waits for it. On PostgreSQL one
gateway does it at a time.
"""

import asyncio
from collections import Counter

import structlog
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from gateway.errors import GatewayError
from gateway.observability.metrics import Metrics
from gateway.reports.removal import BeforeDelete, remove
from gateway.storage.action_tables import Action, AuditEntry
from gateway.storage.database import Database
from gateway.storage.file_store import FileStore
from gateway.storage.models import Conversation
from gateway.storage.one_gateway import alone
from gateway.storage.owners import unused_files
from gateway.storage.steady_time import SteadyTime

log = structlog.get_logger()

DAY_SECONDS = 86_400
EVERY_SECONDS = DAY_SECONDS
PAUSE_SECONDS = 0.05  # between two batches
CONVERSATIONS, ROWS = 50, 500  # in one batch
ENDED = ("done", "failed", "cancelled", "expired")  # `unknown` waits for a person
# Any numbers that no other lock has.
LOCK, FILES_LOCK = 7_305_441_523, 7_305_441_525
ALONE = text("SELECT pg_try_advisory_xact_lock(:lock)")


class Retention:
    """`days`: 0 keeps everything. `before_delete`: called for each conversation that goes."""

    def __init__(
        self,
        database: Database,
        files: FileStore,
        before_delete: BeforeDelete,
        metrics: Metrics,
        days: int,
    ) -> None:
        self._database = database
        self._files = files
        self._before_delete = before_delete
        self._metrics = metrics
        self._days = days
        self._clock = SteadyTime()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            if self._days:
                await self._try_once()
            await asyncio.sleep(EVERY_SECONDS)

    async def _try_once(self) -> None:
        before = self._clock.now() - self._days * DAY_SECONDS
        total: Counter[str] = Counter()
        try:
            while removed := await asyncio.to_thread(self.remove_some, before):
                total += removed
                await asyncio.sleep(PAUSE_SECONDS)
            total["files"] += await asyncio.to_thread(self.remove_files, before)
        except GatewayError as error:
            log.warning("retention_failed", error=error.code)  # it goes on tomorrow
        except OSError as error:
            log.warning("retention_failed", error=str(error))
        if total.total():
            log.info("records_removed", days=self._days, **total)

    def remove_some(self, before: float) -> Counter[str]:
        """The next batch of what is older than that time, in seconds since 1970.

        Returns how many by kind: conversations, files, actions, audit; nothing once all is removed
        or another gateway is at it. Raises StoreUnavailable, OSError.
        """
        moment = round(1000 * before)
        counts: Counter[str] = Counter()
        with self._database.writing() as session:
            if not self._database.is_sqlite and not session.scalar(ALONE, {"lock": LOCK}):
                return counts
            old = (
                select(Conversation)
                .where(Conversation.updated_at < moment)
                .order_by(Conversation.updated_at, Conversation.id)
                .limit(CONVERSATIONS)
                .with_for_update(skip_locked=True)  # one that is being written is not old
            )
            removed = remove(session, session.scalars(old).all(), self._before_delete)
            counts["conversations"] = removed.conversations
            if not removed.conversations:
                counts["actions"] = _delete_actions(session, moment)
                counts["audit"] = _delete_audit(session, moment)
        for owner, file_ids in removed.files:
            self._files.discard(owner, file_ids)
            counts["files"] += len(file_ids)
        self._count(counts)
        return +counts

    def remove_files(self, before: float) -> int:
        """Files that were uploaded before and that no conversation names. Returns how many; 0 while
        another gateway is at it. Raises StoreUnavailable, OSError."""
        removed = 0
        with alone(self._database, FILES_LOCK) as is_alone:
            for owner, file_ids in self._files.older_than(before) if is_alone else ():
                with self._database.reading() as session:
                    unused = unused_files(session, owner, file_ids)
                self._files.discard(owner, unused)
                removed += len(unused)
        self._count(Counter(files=removed))
        return removed

    def _count(self, counts: Counter[str]) -> None:
        for kind, count in counts.items():
            if count:
                self._metrics.records_removed.labels(kind).inc(count)


def _delete_actions(session: Session, moment: int) -> int:
    old = (
        select(Action.id)
        .where(Action.status.in_(ENDED), Action.created_at < moment)
        .order_by(Action.created_at)
        .limit(ROWS)
    )
    ids = session.scalars(old).all()
    session.execute(delete(Action).where(Action.id.in_(ids)))
    return len(ids)


def _delete_audit(session: Session, moment: int) -> int:
    """Not that of an action which is still there."""
    is_left = select(Action.id).where(Action.id == AuditEntry.action_id)
    old = (
        select(AuditEntry.number)
        .where(AuditEntry.time < moment, ~is_left.exists())
        .order_by(AuditEntry.number)
        .limit(ROWS)
    )
    numbers = session.scalars(old).all()
    session.execute(delete(AuditEntry).where(AuditEntry.number.in_(numbers)))
    return len(numbers)
