"""Deliveries: one row for each event and subscription, made from the events and claimed by a
gateway for each try."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from gateway.storage.database import Database
from gateway.storage.event_log import EventLog
from gateway.storage.event_tables import StoredEvent, WebhookCursor, WebhookDelivery
from gateway.storage.events import REMOVED
from gateway.storage.turns import now
from gateway.webhooks.subscriptions import Subscription

WAITING, DONE, FAILED = "waiting", "done", "failed"
AT_ONCE = 500  # deliveries made in one transaction
MAX_ERROR = 300  # characters
# More than any pause or lease: a later time was written before the clock was set back.
FAR_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this gateway alone tries until `lease_until`. Times: ms since 1970."""

    number: int
    tries: int  # before this one
    lease_until: int
    subscription: str
    conversation_id: str
    message_id: str
    type: str
    created_at: int
    data: dict[str, Any]

    @property
    def is_removed(self) -> bool:
        """Its conversation was deleted; there is nothing to tell any more."""
        return self.type == REMOVED


class Deliveries:
    """Synchronous: call it from threads. All raise StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._log = EventLog(database)
        self._made_upto: dict[str, int] = {}  # by subscription, as this gateway knows

    def make(self, subscriptions: Iterable[Subscription]) -> None:
        """Makes the deliveries of new events. A new subscription begins with the next event.

        The subscription's cursor is locked and moves in the same transaction, so two gateways make
        none twice. It never moves past a number that may still appear (EventLog.settled).
        """
        upto = self._log.settled()
        for subscription in subscriptions:
            while self._made_upto.get(subscription.id, -1) < upto:
                with self._database.writing() as session:
                    self._made_upto[subscription.id] = self._make(session, subscription, upto)

    def _make(self, session: Session, subscription: Subscription, upto: int) -> int:
        """Returns the number up to which all deliveries of the subscription are made."""
        mine = WebhookCursor.subscription == subscription.id
        cursor = session.scalar(select(WebhookCursor).where(mine).with_for_update())
        if cursor is None:
            row = {"subscription": subscription.id, "last_event": upto, "is_gone": False}
            begin = self._database.insert(WebhookCursor).values(**row)
            session.execute(begin.on_conflict_do_nothing())
            return upto
        if cursor.is_gone or cursor.last_event >= upto:
            return upto
        events = session.execute(_new_events(subscription, cursor.last_event, upto)).all()
        moment = now()
        rows = [
            {
                "subscription": subscription.id,
                "event_number": number,
                "conversation_id": conversation_id,
                "state": WAITING,
                "tries": 0,
                "due_at": moment,
                "error": "",
            }
            for number, conversation_id in events
        ]
        if rows:
            session.execute(insert(WebhookDelivery), rows)
        cursor.last_event = events[-1][0] if len(events) == AT_ONCE else upto
        return cursor.last_event

    def claim(self, subscription_id: str, most: int, lease_ms: int) -> list[Claimed]:
        """Takes up to `most` deliveries that are due: of each conversation its oldest one only,
        and none while that one is being tried or waits for its next try."""
        due = _due(subscription_id, now()).limit(most)
        with self._database.reading() as session:
            if session.scalar(due) is None:
                return []
        with self._database.writing() as session:
            taken = due.with_for_update(skip_locked=True, of=WebhookDelivery)
            numbers = list(session.scalars(taken))
            lease_until = now() + lease_ms
            here = WebhookDelivery.number.in_(numbers)
            session.execute(update(WebhookDelivery).where(here).values(lease_until=lease_until))
            return _claimed(session, numbers, lease_until)

    def finish(self, claimed: Claimed, state: str, error: str = "") -> None:
        """The try was the last one. Does nothing where the lease has passed to another gateway."""
        self._change(claimed, state=state, error=error[:MAX_ERROR], finished_at=now())

    def postpone(self, claimed: Claimed, pause_ms: int, error: str) -> None:
        """The try failed, and there will be another one.

        What waits behind it in its conversation is due no earlier, so that looking for what is due
        does not pass over it again and again.
        """
        due_at = now() + pause_ms
        self._change(claimed, due_at=due_at, error=error[:MAX_ERROR])
        if claimed.conversation_id:
            behind = (
                WebhookDelivery.subscription == claimed.subscription,
                WebhookDelivery.conversation_id == claimed.conversation_id,
                WebhookDelivery.state == WAITING,
                WebhookDelivery.due_at < due_at,
            )
            with self._database.writing() as session:
                session.execute(update(WebhookDelivery).where(*behind).values(due_at=due_at))

    def _change(self, claimed: Claimed, **values: Any) -> None:
        mine = (
            WebhookDelivery.number == claimed.number,
            WebhookDelivery.state == WAITING,
            WebhookDelivery.lease_until == claimed.lease_until,
        )
        tried = {"tries": claimed.tries + 1, "lease_until": None}
        with self._database.writing() as session:
            session.execute(update(WebhookDelivery).where(*mine).values(**tried, **values))

    def release(self, claimed: Claimed) -> None:
        """Gives back a delivery whose try was broken off here: it may be tried at once."""
        mine = (
            WebhookDelivery.number == claimed.number,
            WebhookDelivery.lease_until == claimed.lease_until,
        )
        with self._database.writing() as session:
            session.execute(update(WebhookDelivery).where(*mine).values(lease_until=None))

    def end(self, claimed: Claimed, error: str) -> None:
        """The receiver wants no more (410): this delivery and what waits for it have failed, and
        nothing more is made. In one transaction, so that the next one is not tried in between."""
        with self._database.writing() as session:
            mine = WebhookCursor.subscription == claimed.subscription
            session.execute(update(WebhookCursor).where(mine).values(is_gone=True))
            this = WebhookDelivery.number == claimed.number
            session.execute(update(WebhookDelivery).where(this).values(tries=claimed.tries + 1))
            waiting = (
                WebhookDelivery.subscription == claimed.subscription,
                WebhookDelivery.state == WAITING,
            )
            ended = {"state": FAILED, "error": error[:MAX_ERROR], "finished_at": now()}
            session.execute(
                update(WebhookDelivery).where(*waiting).values(lease_until=None, **ended)
            )

    def recall(self) -> int:
        """Makes due what a clock that was ahead has put off. Returns how many.

        Otherwise it would wait until the clock is there again.
        """
        moment = now()
        far = moment + FAR_MS
        wrong = (
            WebhookDelivery.state == WAITING,
            or_(WebhookDelivery.due_at > far, WebhookDelivery.lease_until > far),
        )
        with self._database.reading() as session:
            numbers = list(session.scalars(select(WebhookDelivery.number).where(*wrong)))
        if numbers:
            with self._database.writing() as session:
                put_off = update(WebhookDelivery).where(*wrong)
                session.execute(put_off.values(due_at=moment, lease_until=None))
        return len(numbers)

    def pending(self) -> int:
        """How many deliveries wait, of all gateways together."""
        with self._database.reading() as session:
            waiting = select(func.count()).where(WebhookDelivery.state == WAITING)
            return session.scalar(waiting) or 0


def _new_events(subscription: Subscription, after: int, upto: int) -> Select[int, str]:
    return (
        select(StoredEvent.number, StoredEvent.conversation_id)
        .where(
            StoredEvent.number > after,
            StoredEvent.number <= upto,
            StoredEvent.type.in_(subscription.events),
        )
        .order_by(StoredEvent.number)
        .limit(AT_ONCE)
    )


def _due(subscription_id: str, moment: int) -> Select[int]:
    """The numbers of the deliveries that may be tried now, oldest event first."""
    earlier = aliased(WebhookDelivery)
    is_behind: ColumnElement[bool] = exists().where(
        earlier.subscription == WebhookDelivery.subscription,
        earlier.conversation_id == WebhookDelivery.conversation_id,
        earlier.event_number < WebhookDelivery.event_number,
        earlier.state == WAITING,
    )
    return (
        select(WebhookDelivery.number)
        .where(
            WebhookDelivery.state == WAITING,
            WebhookDelivery.due_at <= moment,
            WebhookDelivery.subscription == subscription_id,
            or_(WebhookDelivery.lease_until.is_(None), WebhookDelivery.lease_until < moment),
            # Events outside of conversations have no order among each other.
            or_(WebhookDelivery.conversation_id == "", ~is_behind),
        )
        .order_by(WebhookDelivery.event_number)
    )


def _claimed(session: Session, numbers: Sequence[int], lease_until: int) -> list[Claimed]:
    told = (
        select(
            WebhookDelivery.number,
            WebhookDelivery.tries,
            WebhookDelivery.subscription,
            WebhookDelivery.conversation_id,
            StoredEvent.id,
            StoredEvent.type,
            StoredEvent.created_at,
            StoredEvent.data,
        )
        .join(StoredEvent, and_(StoredEvent.number == WebhookDelivery.event_number))
        .where(WebhookDelivery.number.in_(numbers))
        .order_by(WebhookDelivery.event_number)
    )
    return [
        Claimed(number, tries, lease_until, *rest)
        for number, tries, *rest in session.execute(told).all()
    ]
