"""Group commit: jobs that wait are written together, and each gets its own result."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from gateway.errors import StoreUnavailable
from gateway.storage.grouped_writes import MAX_CHARACTERS, MAX_JOBS, GroupedWrites

Write = Callable[[list[str]], list[str | Exception]]


class Log:
    """What a store was given, group by group. It waits before the first group until `open`."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.gate = threading.Event()

    def write(self, jobs: list[str]) -> list[str | Exception]:
        self.gate.wait(10)
        self.groups.append(jobs)
        return [job.upper() for job in jobs]


def grouped(write: Write) -> GroupedWrites[str, str]:
    return GroupedWrites("test", write, key_of=lambda job: job[0], characters_of=len)


async def added(writes: GroupedWrites[str, str], jobs: list[str]) -> list[str | BaseException]:
    return await asyncio.gather(*map(writes.add, jobs), return_exceptions=True)


async def test_jobs_that_come_while_one_is_written_are_written_together_in_their_order() -> None:
    log = Log()
    writes = grouped(log.write)
    first = asyncio.ensure_future(writes.add("first"))
    await asyncio.sleep(0.05)
    rest = asyncio.ensure_future(added(writes, list("abcdefgh")))
    await asyncio.sleep(0.05)
    assert not first.done()
    assert log.groups == []
    log.gate.set()
    assert await first == "FIRST"
    assert await rest == list("ABCDEFGH")
    assert log.groups == [["first"], list("abcdefgh")]
    await writes.close()


async def test_jobs_of_one_key_come_one_after_the_other_and_hold_up_no_others() -> None:
    log = Log()
    writes = grouped(log.write)
    working = asyncio.ensure_future(added(writes, ["x", "a1", "b1", "a2", "c1", "a3", "b2"]))
    await asyncio.sleep(0.05)
    log.gate.set()
    assert await working == ["X", "A1", "B1", "A2", "C1", "A3", "B2"]
    assert [job for group in log.groups for job in group if job[0] == "a"] == ["a1", "a2", "a3"]
    assert all(len({job[0] for job in group}) == len(group) for group in log.groups)
    assert len(log.groups) <= 4
    await writes.close()


async def test_a_group_is_bounded_in_jobs_and_in_characters() -> None:
    log = Log()
    writes = GroupedWrites[str, str]("test", log.write, key_of=id, characters_of=len)
    jobs = [f"{number}" for number in range(3 * MAX_JOBS)] + ["x" * MAX_CHARACTERS] * 2
    working = asyncio.ensure_future(added(writes, jobs))
    await asyncio.sleep(0.05)
    log.gate.set()
    await working
    assert max(map(len, log.groups)) == MAX_JOBS
    assert all(sum(map(len, group)) <= MAX_CHARACTERS + 1000 for group in log.groups)
    await writes.close()


async def test_one_jobs_fault_is_its_own() -> None:
    written: list[str] = []

    def write(jobs: list[str]) -> list[str | Exception]:
        if "bad" in jobs:
            raise ValueError("bad")
        written.extend(jobs)
        return list(jobs)

    writes = grouped(write)
    results = await added(writes, ["first", "a", "bad", "c"])
    assert [str(result) for result in results] == ["first", "a", "bad", "c"]
    assert isinstance(results[2], ValueError)
    assert written == ["first", "a", "c"]
    await writes.close()


async def test_a_store_that_does_not_answer_is_asked_once_for_all() -> None:
    tries = 0

    def write(jobs: list[str]) -> list[str | Exception]:
        nonlocal tries
        tries += 1
        raise StoreUnavailable("gone") if tries < 3 else ValueError("bad")

    writes = grouped(write)
    gone = await added(writes, ["a"])
    assert isinstance(gone[0], StoreUnavailable)
    assert all(isinstance(one, StoreUnavailable) for one in await added(writes, list("abcdef")))
    assert tries <= 3
    await writes.close()


async def test_closing_waits_for_what_was_added_and_a_caller_that_leaves_loses_nothing() -> None:
    log = Log()
    writes = grouped(log.write)
    leaving = asyncio.ensure_future(writes.add("a"))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    log.gate.set()
    await writes.close()
    assert log.groups == [["a"]]
