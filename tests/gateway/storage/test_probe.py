"""/readyz and the container's health check know whether a row can be written."""

import asyncio
import sqlite3
from pathlib import Path

from gateway.storage.database import Database, open_database
from gateway.storage.probe import PROBE_SECONDS, Probe


def test_a_database_that_works_takes_a_write(database: Database) -> None:
    assert database.is_writable()


def test_a_database_that_is_locked_takes_none(tmp_path: Path) -> None:
    file = tmp_path / "desk.db"
    database = open_database(f"sqlite:///{file}", lambda: None)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert not database.is_writable()
        other.execute("ROLLBACK")
        assert database.is_writable()
    finally:
        other.close()
        database.close()


class Slow:
    """Stands in for a Database: counts its writes, and says what it is told to say."""

    def __init__(self) -> None:
        self.writes = 0
        self.answer = True
        self.hold = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def is_writable(self) -> bool:
        self.writes += 1
        asyncio.run_coroutine_threadsafe(self.hold.wait(), self.loop).result(10)
        return self.answer


async def test_callers_at_the_same_time_share_one_write() -> None:
    slow, now = Slow(), 0.0
    probe = Probe(slow.is_writable, clock=lambda: now)
    asked = [asyncio.create_task(probe.is_fine()) for _ in range(20)]
    await asyncio.sleep(0)
    slow.hold.set()
    assert await asyncio.gather(*asked) == [True] * 20
    slow.answer = False
    assert await probe.is_fine(), "the last answer holds for a while"
    now = PROBE_SECONDS
    assert not await probe.is_fine()
    assert slow.writes == 2
