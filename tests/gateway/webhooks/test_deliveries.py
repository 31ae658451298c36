"""Deliveries are made of events: each once, none too few, and nothing of the time before."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from gateway.storage.database import Database, open_database
from gateway.storage.event_log import EventLog
from gateway.storage.events import record_event
from gateway.webhooks.deliveries import AT_ONCE, FAR_MS, Claimed, Deliveries
from gateway.webhooks.subscriptions import Subscription
from tests.support.databases import emptied
from tests.support.outbox import deliveries as rows
from tests.support.outbox import happen
from tests.support.postgres import Postgres
from tests.support.webhook_receiver import SECRET

RATINGS = frozenset(("feedback.given",))
ONE = Subscription("one", "http://one/", RATINGS, SECRET)
OTHER = Subscription("other", "http://other/", RATINGS, SECRET)
LEASE = 60_000  # ms


def told(claimed: list[Claimed]) -> list[int]:
    return [one.data["n"] for one in claimed]


def test_a_new_subscription_begins_with_the_next_event(database: Database) -> None:
    made = Deliveries(database)
    happen(database, 1)
    made.make([ONE])
    happen(database, 2)
    made.make([ONE, OTHER])
    happen(database, 3, "conversation-2")
    happen(database, 4, type_="action.done")
    made.make([ONE, OTHER])
    assert told(made.claim("one", 8, LEASE)) == [2, 3]
    assert told(made.claim("other", 8, LEASE)) == [3]


def test_more_events_than_one_transaction_takes_are_all_made(database: Database) -> None:
    made = Deliveries(database)
    made.make([ONE])
    with database.connected() as connection:
        for n in range(2 * AT_ONCE + 1):
            record_event(connection, "feedback.given", f"conversation-{n}", {"n": n})
    made.make([ONE])
    assert len(rows(database)) == 2 * AT_ONCE + 1


def test_of_a_conversation_only_the_oldest_is_tried_and_the_others_go_on(
    database: Database,
) -> None:
    made = Deliveries(database)
    made.make([ONE])
    for n, conversation in enumerate(("a", "a", "b", "", "")):
        happen(database, n, conversation)
    made.make([ONE])
    first = made.claim("one", 8, LEASE)
    assert told(first) == [0, 2, 3, 4]
    assert made.claim("one", 8, LEASE) == []
    made.postpone(first[0], 60_000, "answered 500")
    assert made.claim("one", 8, LEASE) == []
    made.finish(first[1], "done")
    assert made.claim("one", 8, LEASE) == []  # the first of a conversation waits for its next try


def test_the_next_of_a_conversation_goes_once_the_first_is_done_or_has_failed(
    database: Database,
) -> None:
    made = Deliveries(database)
    made.make([ONE])
    for n in range(3):
        happen(database, n)
    made.make([ONE])
    for n, state in enumerate(("done", "failed", "done")):
        [claimed] = made.claim("one", 8, LEASE)
        assert claimed.data["n"] == n
        made.finish(claimed, state, "")
    assert [state for state, _, _ in rows(database)] == ["done", "failed", "done"]


def test_a_lease_that_ran_out_passes_on_and_the_late_word_of_the_first_counts_no_more(
    database: Database,
) -> None:
    made, other = Deliveries(database), Deliveries(database)
    made.make([ONE])
    happen(database, 1)
    made.make([ONE])
    [late] = made.claim("one", 8, -1)
    [claimed] = other.claim("one", 8, LEASE)
    assert (late.message_id, claimed.tries) == (claimed.message_id, 0)
    made.finish(late, "failed", "too late")
    made.release(late)
    assert made.claim("one", 8, LEASE) == []
    other.finish(claimed, "done")
    assert rows(database) == [("done", 1, "")]


def test_two_gateways_make_and_claim_each_delivery_once(database: Database, url: str) -> None:
    second = open_database(url, lambda: None)
    both = (Deliveries(database), Deliveries(second))
    for one in both:
        one.make([ONE])
    for n in range(60):
        happen(database, n, f"conversation-{n}")
    start = threading.Barrier(2)
    claimed: list[Claimed] = []

    def work(one: Deliveries) -> None:
        start.wait()
        one.make([ONE])
        while found := one.claim("one", 4, LEASE):
            claimed.extend(found)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, both))
    second.close()
    assert len(rows(database)) == 60
    assert sorted(told(claimed)) == list(range(60))


def test_a_number_that_is_committed_late_is_not_lost(postgres: Postgres) -> None:
    """PostgreSQL gives the first transaction the lower number; the second commits before it."""
    database = open_database(emptied(postgres), lambda: None)
    made = Deliveries(database)
    made.make([ONE])
    with database.connected() as first:
        record_event(first, "feedback.given", "a", {"n": 1})
        happen(database, 2, "b")
        assert first.scalar(text("SELECT max(number) FROM events")) == 2
        made.make([ONE])
        assert rows(database) == []  # number 1 may still appear
        happen(database, 3, "c")
        made.make([ONE])
        assert rows(database) == []
    made.make([ONE])
    made.make([ONE])
    assert told(made.claim("one", 8, LEASE)) == [1, 2, 3]
    database.close()


@pytest.mark.parametrize("commits", [True, False])
def test_readers_wait_for_a_writer_that_has_no_number_yet_and_for_no_later_one(
    postgres: Postgres, commits: bool
) -> None:
    database = open_database(emptied(postgres), lambda: None)
    log = EventLog(database)
    happen(database, 1)
    assert log.settled() == 1
    with database.connected() as early, database.connected() as late:
        # As an INSERT does before it takes its number.
        early.execute(text("LOCK TABLE events IN ROW EXCLUSIVE MODE"))
        happen(database, 2)
        assert log.settled() == 1
        record_event(late, "feedback.given", "z", {})  # number 3, held open to the end
        if commits:
            record_event(early, "feedback.given", "y", {})
            early.commit()
        else:
            early.rollback()
        assert log.settled() == 2  # `late` began after the look, and holds up nothing before it
        happen(database, 5)
        assert log.settled() == 2
    assert log.settled() == (5 if commits else 4)
    database.close()


def test_two_hundred_interleaved_transactions_lose_nothing(postgres: Postgres) -> None:
    database = open_database(emptied(postgres), lambda: None)
    made = Deliveries(database)
    made.make([ONE])
    done = threading.Event()

    def write(seed: int) -> None:
        for n in range(50):
            with database.connected() as connection:
                record_event(connection, "feedback.given", f"c-{seed}-{n}", {"n": 50 * seed + n})
                connection.execute(text("SELECT pg_sleep(:s)"), {"s": (seed * n % 7) / 1000})

    def make() -> None:
        while not done.is_set():
            made.make([ONE])

    with ThreadPoolExecutor(5) as pool:
        maker = pool.submit(make)
        list(pool.map(write, range(4)))
        done.set()
        maker.result()
    made.make([ONE])
    made.make([ONE])
    assert sorted(told(made.claim("one", 500, LEASE))) == list(range(200))
    database.close()


def test_what_a_clock_that_was_ahead_put_off_is_tried_again(database: Database) -> None:
    made = Deliveries(database)
    made.make([ONE])
    for n, conversation in enumerate("abc"):
        happen(database, n, conversation)
    made.make([ONE])
    first, second = made.claim("one", 2, LEASE)  # and one that waits for no try
    made.postpone(first, 3 * FAR_MS, "answered 500")
    made.release(second)
    [cut_off] = made.claim("one", 1, 3 * FAR_MS)
    assert made.recall() == 2
    assert [one.number for one in made.claim("one", 8, LEASE)] == [
        first.number,
        cut_off.number,
        cut_off.number + 1,
    ]
    assert made.recall() == 0
