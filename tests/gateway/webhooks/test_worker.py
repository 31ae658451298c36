"""The worker against real receivers that misbehave."""

import asyncio
import time
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from gateway.storage.database import Database, open_database
from gateway.webhooks.worker import PAUSES, Pace
from tests.support.outbox import deliveries, happen, settled, subscribe, until, worker, working
from tests.support.webhook_receiver import SECRET, Receiver, receiving


async def test_a_message_is_signed_and_says_type_time_and_data(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    async with working(worker(database, subscribe(folder, receiver.url))):
        happen(database, 7)
        await until(lambda: settled(database, 1))
    [got] = receiver.received
    message = Webhook(SECRET).verify(got.body, got.headers)
    assert sorted(message) == ["data", "timestamp", "type"]
    assert message["type"] == "feedback.given"
    assert message["data"] == {"conversation_id": "conversation-1", "n": 7}
    assert message["timestamp"].endswith("Z")
    assert got.id.startswith("msg_")
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body + b" ", got.headers)


@pytest.mark.parametrize("fault", [500, 503, 404, "reset", "slow", "redirect"])
async def test_what_is_not_taken_comes_again_with_the_same_id_and_body(
    database: Database, folder: Path, receiver: Receiver, fault: int | str
) -> None:
    receiver.plan.append(fault)
    async with working(worker(database, subscribe(folder, receiver.url))):
        happen(database, 1)
        await until(lambda: settled(database, 1))
    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    assert deliveries(database) == [("done", 2, "")]
    if fault == 503:  # the receiver asked for a second
        assert second.at - first.at >= 1


async def test_a_receiver_that_never_ends_its_answer_costs_nothing(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    receiver.usual = "endless"
    async with working(worker(database, subscribe(folder, receiver.url))):
        happen(database, 1)
        await until(lambda: len(receiver.received) == 2)
        assert deliveries(database)[0][2] == "answered 302"


async def test_after_the_last_try_a_delivery_has_failed_and_the_next_one_goes(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    receiver.plan.extend([500] * 4)
    async with working(worker(database, subscribe(folder, receiver.url))):
        happen(database, 1)
        happen(database, 2)
        await until(lambda: settled(database, 2))
    assert receiver.numbers() == [1, 1, 1, 1, 2]
    assert deliveries(database) == [("failed", 4, "answered 500"), ("done", 1, "")]


async def test_410_ends_the_subscription_and_no_other(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    with receiving() as other:
        receiver.usual = 410
        async with working(worker(database, subscribe(folder, receiver.url, other.url))):
            happen(database, 1)
            happen(database, 2)
            await until(lambda: other.numbers() == [1, 2])
            happen(database, 3)
            await until(lambda: other.numbers() == [1, 2, 3])
            await asyncio.sleep(0.3)
        assert receiver.numbers() == [1]
        failed = [row for row in deliveries(database) if row[0] == "failed"]
        assert ("failed", 1, "410: the receiver wants no more events") in failed
        assert all(row[0] != "waiting" for row in deliveries(database))


async def test_a_conversation_keeps_its_order_and_holds_up_no_other(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    receiver.plan.append(500)  # for the first of conversation a, which comes alone
    async with working(worker(database, subscribe(folder, receiver.url))):
        happen(database, 0, "a")
        await until(lambda: receiver.received)
        for n in range(1, 4):
            happen(database, n, "a")
            happen(database, 10 + n, "b")
        await until(lambda: settled(database, 7))
    told = receiver.numbers()
    assert [n for n in told if n < 10] == [0, 0, 1, 2, 3]
    assert [n for n in told if n >= 10] == [11, 12, 13]


async def test_a_slow_subscriber_holds_up_no_other_one(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    receiver.usual = "slow"
    patient = Pace(look=0.02, request=10, lease=20)
    with receiving() as other:
        subscribe(folder, receiver.url, other.url)
        async with working(worker(database, folder, patient)):
            for n in range(30):
                happen(database, n, f"conversation-{n}")
            started = time.monotonic()
            await until(lambda: len(other.received) == 30)
            assert time.monotonic() - started < 5
        assert receiver.most_at_once <= 8


async def test_two_gateways_send_each_message_once_and_in_order(
    database: Database, url: str, folder: Path, receiver: Receiver
) -> None:
    second = open_database(url, lambda: None)
    subscribe(folder, receiver.url)
    async with working(worker(database, folder), worker(second, folder)):
        for n in range(40):
            happen(database, n, f"conversation-{n % 4}")
        await until(lambda: settled(database, 40), 30)
    second.close()
    assert len(set(receiver.ids())) == len(receiver.ids()) == 40
    for lane in range(4):
        mine = [n for n in receiver.numbers() if n % 4 == lane]
        assert mine == sorted(mine)


async def test_a_subscription_added_while_the_gateway_runs_serves_and_one_removed_rests(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    made = worker(database, folder)
    async with working(made):
        assert not made.wants("feedback.given")
        happen(database, 1)
        subscribe(folder, receiver.url)
        await until(lambda: made.wants("feedback.given"))
        await asyncio.sleep(0.3)
        happen(database, 2)
        await until(lambda: receiver.numbers() == [2])
        (folder / "webhooks.yaml").unlink()
        await until(lambda: not made.wants("feedback.given"))
        happen(database, 3)
        await asyncio.sleep(0.3)
        assert receiver.numbers() == [2]
        subscribe(folder, receiver.url)  # it goes on where it was
        await until(lambda: receiver.numbers() == [2, 3])


async def test_a_store_that_went_away_is_asked_again(
    folder: Path, tmp_path: Path, receiver: Receiver
) -> None:
    database = open_database(f"sqlite:///{tmp_path}/desk.db", lambda: None)
    async with working(worker(database, subscribe(folder, receiver.url))):
        with database.connected() as connection:
            connection.exec_driver_sql("ALTER TABLE webhook_deliveries RENAME TO elsewhere")
        happen(database, 1)
        await asyncio.sleep(0.3)
        with database.connected() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO webhook_deliveries")
        await until(lambda: receiver.numbers() == [1])
    database.close()


async def test_a_stop_gives_back_what_was_being_sent(
    database: Database, folder: Path, receiver: Receiver
) -> None:
    receiver.plan.append("slow")
    patient = Pace(look=0.02, request=10, lease=60)
    subscribe(folder, receiver.url)
    async with working(worker(database, folder, patient)):
        happen(database, 1)
        await until(lambda: receiver.received)
    async with working(worker(database, folder, patient)):
        await until(lambda: settled(database, 1), 5)
    assert receiver.numbers() == [1, 1]
    assert len(set(receiver.ids())) == 1


def test_the_pauses_grow_to_three_days() -> None:
    assert list(PAUSES) == sorted(PAUSES)
    assert 70 <= sum(PAUSES) / 3600 <= 74
