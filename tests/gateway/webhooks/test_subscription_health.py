"""Staff see how well each subscriber gets its events."""

import time
from pathlib import Path

from gateway.storage.database import Database
from gateway.webhooks.subscription_health import SubscriptionHealth, health_of
from gateway.webhooks.worker import Pace, WebhookWorker
from tests.support.outbox import deliveries, happen, settled, subscribe, until, worker, working
from tests.support.webhook_receiver import Receiver


def told(database: Database, of: WebhookWorker) -> SubscriptionHealth:
    [found] = health_of(database, of.subscriptions)
    return found


async def test_a_subscriber_is_ok_after_a_delivery(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    mine = worker(database, subscribe(folder, receiver.url + "/hidden-word"))
    assert told(database, mine).delivered_at is None
    async with working(mine):
        happen(database, 1)
        await until(lambda: settled(database, 1))
    found = told(database, mine)
    assert (found.state, found.waiting, found.failed, found.error) == ("ok", 0, 0, "")
    assert abs((found.delivered_at or 0) - time.time()) < 60
    assert found.host == "127.0.0.1"
    assert found.events == ["action.done", "feedback.given", "message.completed"]
    assert "hidden-word" not in repr(found)


async def test_a_subscriber_that_fails_is_told_with_its_error_and_the_next_try(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    receiver.usual = 500
    patient = Pace(look=0.02, request=0.6, lease=1.0, pauses=(600.0,))
    mine = worker(database, subscribe(folder, receiver.url), patient)
    async with working(mine):
        happen(database, 1)
        happen(database, 2)
        await until(lambda: any(tries for _, tries, _ in deliveries(database)))
    found = told(database, mine)
    assert (found.state, found.waiting, found.failed) == ("failing", 2, 0)
    assert found.error == "answered 500"
    assert (found.next_try_at or 0) > time.time() + 300


async def test_a_failure_is_forgotten_after_a_success_and_counted_all_the_same(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    receiver.plan.extend([500] * 4)
    mine = worker(database, subscribe(folder, receiver.url))
    async with working(mine):
        happen(database, 1)
        await until(lambda: settled(database, 1))
        assert told(database, mine).error == "answered 500"
        happen(database, 2)
        await until(lambda: settled(database, 2))
    found = told(database, mine)
    assert (found.state, found.failed, found.error) == ("ok", 1, "")


async def test_a_subscriber_that_answered_410_has_ended(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    receiver.plan.append(410)
    mine = worker(database, subscribe(folder, receiver.url))
    async with working(mine):
        happen(database, 1)
        await until(lambda: settled(database, 1))
    assert told(database, mine).state == "ended"
