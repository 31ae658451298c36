"""What is old goes, but for what may still be sent."""

import pytest
from sqlalchemy import func, select, update

from gateway.storage.database import Database
from gateway.storage.event_tables import StoredEvent, WebhookDelivery
from gateway.storage.turns import now
from gateway.webhooks import old_events
from gateway.webhooks.deliveries import Deliveries
from gateway.webhooks.old_events import KEPT_MS, OldEvents
from gateway.webhooks.subscriptions import Subscription
from tests.support.outbox import deliveries, happen
from tests.support.webhook_receiver import SECRET

ONE = Subscription("one", "http://one/", frozenset(("feedback.given",)), SECRET)
LEASE = 60_000


def age(database: Database) -> None:
    """Makes everything eight days old."""
    with database.connected() as connection:
        old = now() - KEPT_MS - 24 * 3600 * 1000
        connection.execute(update(StoredEvent).values(created_at=old))
        connection.execute(update(WebhookDelivery).values(due_at=old))
        ended = WebhookDelivery.finished_at.is_not(None)
        connection.execute(update(WebhookDelivery).where(ended).values(finished_at=old))


def numbers(database: Database) -> list[int]:
    with database.reading() as session:
        return [event.data["n"] for event in session.query(StoredEvent).order_by("number")]


def test_without_subscriptions_old_events_go_and_the_newest_number_is_never_given_again(
    database: Database,
) -> None:
    for n in range(5):
        happen(database, n)
    age(database)
    assert not OldEvents(database).remove([])
    assert numbers(database) == [4]
    happen(database, 5)
    with database.reading() as session:
        assert session.scalar(select(func.max(StoredEvent.number))) == 6


def test_what_was_not_delivered_stays_with_all_that_came_after_it(database: Database) -> None:
    made = Deliveries(database)
    made.make([ONE])
    for n in range(4):
        happen(database, n, f"conversation-{n}")
    made.make([ONE])
    first, second, *_ = made.claim("one", 2, LEASE)
    made.finish(first, "done")
    made.finish(second, "done")
    age(database)
    while OldEvents(database).remove(["one"]):
        pass
    assert numbers(database) == [2, 3]
    assert [state for state, _, _ in deliveries(database)] == ["waiting", "waiting"]


def test_events_that_a_subscription_has_no_deliveries_of_yet_stay(database: Database) -> None:
    Deliveries(database).make([ONE])
    for n in range(3):
        happen(database, n)
    age(database)
    while OldEvents(database).remove(["one"]):
        pass
    assert numbers(database) == [0, 1, 2]


def test_much_is_removed_in_pieces_and_not_all_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_events, "PIECES", 2)
    monkeypatch.setattr(old_events, "AT_ONCE", 3)
    for n in range(10):
        happen(database, n)
    age(database)
    assert OldEvents(database).remove([])
    assert numbers(database) == [6, 7, 8, 9]
    assert not OldEvents(database).remove([])
    assert numbers(database) == [9]


def test_a_young_event_stays(database: Database) -> None:
    for n in range(3):
        happen(database, n)
    assert not OldEvents(database).remove([])
    assert numbers(database) == [0, 1, 2]


def test_what_waits_for_a_subscription_that_is_gone_from_the_file_fails_after_a_week(
    database: Database,
) -> None:
    made = Deliveries(database)
    made.make([ONE])
    happen(database, 1)
    made.make([ONE])
    OldEvents(database).remove([])
    assert deliveries(database) == [("waiting", 0, "")]
    age(database)
    OldEvents(database).remove([])
    assert deliveries(database) == [("failed", 0, "not in webhooks.yaml")]
