"""How well each subscription gets its events: for staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.storage.database import Database
from gateway.storage.event_tables import WebhookCursor, WebhookDelivery
from gateway.webhooks.deliveries import DONE, FAILED, WAITING
from gateway.webhooks.sender import code_of
from gateway.webhooks.subscriptions import Subscription


@dataclass(frozen=True, slots=True)
class SubscriptionHealth:
    """`state`: ok, failing (the oldest waiting delivery has failed at least once) or ended (the
    receiver answered 410). `waiting` and `failed` count deliveries; times are Unix seconds.
    `error`: why the last try failed, empty where a delivery has succeeded since; `code` and
    `details` say the same to programs."""

    host: str
    events: list[str]
    state: str
    waiting: int
    failed: int
    next_try_at: int | None
    delivered_at: int | None
    error: str
    code: str
    details: dict[str, int]


def health_of(
    database: Database, subscriptions: Sequence[Subscription]
) -> list[SubscriptionHealth]:
    """Synchronous. Raises StoreUnavailable, UpstreamTimeout."""
    with database.reading() as session:
        counts = _counts(session)
        ended = set(
            session.scalars(select(WebhookCursor.subscription).where(WebhookCursor.is_gone))
        )
        return [_health(session, one, counts, one.id in ended) for one in subscriptions]


def _counts(session: Session) -> dict[tuple[str, str], int]:
    """By subscription and state."""
    wanted = (
        select(WebhookDelivery.subscription, WebhookDelivery.state, func.count())
        .where(WebhookDelivery.state.in_((WAITING, FAILED)))
        .group_by(WebhookDelivery.subscription, WebhookDelivery.state)
    )
    return {(subscription, state): count for subscription, state, count in session.execute(wanted)}


def _health(
    session: Session,
    subscription: Subscription,
    counts: dict[tuple[str, str], int],
    is_ended: bool,
) -> SubscriptionHealth:
    oldest = _first(session, subscription, WAITING, WebhookDelivery.event_number)
    delivered = _first(session, subscription, DONE, WebhookDelivery.number.desc())
    failed = _first(session, subscription, FAILED, WebhookDelivery.number.desc())
    is_failing = oldest is not None and oldest.tries > 0
    bad = oldest if is_failing else failed
    if bad is not None and delivered is not None and delivered.number > bad.number:
        bad = None
    error = bad.error if bad is not None else ""
    code, details = code_of(error)
    return SubscriptionHealth(
        host=subscription.host,
        events=sorted(subscription.events),
        state="ended" if is_ended else "failing" if is_failing else "ok",
        waiting=counts.get((subscription.id, WAITING), 0),
        failed=counts.get((subscription.id, FAILED), 0),
        next_try_at=oldest.due_at // 1000 if oldest is not None else None,
        delivered_at=(delivered.finished_at or 0) // 1000 if delivered is not None else None,
        error=error,
        code=code,
        details=details,
    )


def _first(
    session: Session, subscription: Subscription, state: str, order: Any
) -> WebhookDelivery | None:
    wanted = (
        select(WebhookDelivery)
        .where(
            WebhookDelivery.subscription == subscription.id,
            WebhookDelivery.state == state,
        )
        .order_by(order)
        .limit(1)
    )
    return session.scalar(wanted)
