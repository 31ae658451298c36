"""A worker whose clock jumps, whose process stops or sleeps, or whose database does not answer."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from gateway.actions.store import ActionStore
from gateway.storage.database import Database
from tests.support.action_parts import OWNER, Parts, tools_at
from tests.support.action_system import System
from tests.support.action_work import ended, hurried, planned, working_at


async def test_what_was_claimed_longer_ago_than_its_lease_is_not_sent(
    database: Database, system: System
) -> None:
    def sleep(point: str) -> None:
        if point == "running after commit":
            time.sleep(0.5)

    sleepy = Parts(ActionStore(database, sleep), tools_at(system.url))
    made = sleepy.propose()
    sleepy.actions.confirm(OWNER, made)
    async with working_at(sleepy, lease=0.3):
        found = await ended(sleepy, made)
    assert (found["status"], found["error"]) == ("failed", "请求没有及时发出。")
    assert not system.requests


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_clock_that_jumps_neither_repeats_nor_delays(
    working: Parts, system: System, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    hurried(working)
    system.plan = planned("late", "fine")
    made = [working.propose(name) for name in ("plain", "keyed")]
    for one in made:
        working.actions.confirm(OWNER, one)
    real = time.time_ns
    async with working_at(working, lease=5):
        while system.requests.total() < 2:
            await asyncio.sleep(0.01)
        monkeypatch.setattr(time, "time_ns", lambda: real() + hours * 3600 * 10**9)
        found = [await ended(working, one) for one in made]
    assert [one["status"] for one in found] == ["unknown", "done"]
    assert [system.effects[one] for one in made] == [1, 1]


async def test_a_gateway_that_stops_waits_for_what_it_has_sent(
    working: Parts, system: System
) -> None:
    system.plan = planned("slow")
    made = working.propose("plain")
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        while not system.requests:
            await asyncio.sleep(0.01)
    assert working.actions.of_owner(OWNER, made)["status"] == "done"


async def test_an_outcome_is_kept_while_the_database_is_locked(
    working: Parts, system: System, database: Database
) -> None:
    system.plan = planned("slow")
    made = working.propose("plain")
    working.actions.confirm(OWNER, made)
    async with working_at(working):
        while not system.requests:
            await asyncio.sleep(0.01)
        with locked(database):
            await asyncio.sleep(3)
        assert (await ended(working, made))["status"] == "done"
    assert system.requests[made] == 1


@contextlib.contextmanager
def locked(database: Database) -> Iterator[None]:
    """Another thread writes for as long as the block runs."""
    begun, over = threading.Event(), threading.Event()

    def hold() -> None:
        with database.connected() as connection:
            if not database.is_sqlite:  # where one transaction shuts out all others by itself
                connection.exec_driver_sql("LOCK TABLE actions IN EXCLUSIVE MODE")
            begun.set()
            over.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        over.set()
        thread.join()
