"""Removes old events and deliveries, in small pieces."""

import time
from collections.abc import Collection

from sqlalchemy import delete, func, select, update

from gateway.storage.database import Database
from gateway.storage.event_tables import StoredEvent, WebhookCursor, WebhookDelivery
from gateway.storage.turns import now
from gateway.webhooks.deliveries import DONE, FAILED, WAITING

KEPT_MS = 7 * 24 * 3600 * 1000
AT_ONCE = 500  # rows in one transaction
PIECES = 10
PAUSE_SECONDS = 0.05  # between two pieces, for those who wait to write


class OldEvents:
    """Synchronous: call it from threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remove(self, subscriptions: Collection[str]) -> bool:
        """Removes what is older than KEPT_MS, PIECES at most. Returns whether more is left.

        Deliveries go KEPT_MS after their end. An event stays while a delivery of it, or of an
        earlier event, waits or has failed: it may be sent again. `subscriptions`: the ids of those
        in the file; what waits for another one has failed after KEPT_MS. Raises StoreUnavailable.
        """
        before = now() - KEPT_MS
        self._fail_unknown(subscriptions, before)
        for _ in range(PIECES):
            if not self._remove_deliveries(before) + self._remove_events(subscriptions, before):
                return False
            time.sleep(PAUSE_SECONDS)
        return True

    def _fail_unknown(self, subscriptions: Collection[str], before: int) -> None:
        unknown = (
            WebhookDelivery.state == WAITING,
            WebhookDelivery.due_at < before,
            WebhookDelivery.subscription.not_in(subscriptions),
        )
        with self._database.writing() as session:
            ended = {"state": FAILED, "error": "not in webhooks.yaml", "finished_at": now()}
            session.execute(update(WebhookDelivery).where(*unknown).values(**ended))

    def _remove_deliveries(self, before: int) -> int:
        old = (
            select(WebhookDelivery.number)
            .where(WebhookDelivery.state.in_((DONE, FAILED)), WebhookDelivery.finished_at < before)
            .limit(AT_ONCE)
        )
        with self._database.writing() as session:
            numbers = list(session.scalars(old))
            session.execute(delete(WebhookDelivery).where(WebhookDelivery.number.in_(numbers)))
        return len(numbers)

    def _remove_events(self, subscriptions: Collection[str], before: int) -> int:
        with self._database.writing() as session:
            kept = select(func.min(WebhookDelivery.event_number)).where(
                WebhookDelivery.state.in_((WAITING, FAILED))
            )
            mine = (WebhookCursor.subscription.in_(subscriptions), ~WebhookCursor.is_gone)
            bounds = (
                # The newest one stays: SQLite gives its number out again once it is deleted.
                session.scalar(select(func.max(StoredEvent.number))),
                session.scalar(kept),
                session.scalar(select(func.min(WebhookCursor.last_event + 1)).where(*mine)),
            )
            upto = min((bound for bound in bounds if bound is not None), default=0)
            old = (
                select(StoredEvent.number)
                .where(StoredEvent.number < upto, StoredEvent.created_at < before)
                .order_by(StoredEvent.number)
                .limit(AT_ONCE)
            )
            numbers = list(session.scalars(old))
            session.execute(delete(StoredEvent).where(StoredEvent.number.in_(numbers)))
        return len(numbers)
