"""Each owner runs one job at a time."""

import asyncio

import pytest

from gateway.errors import RateLimitExceeded
from gateway.throttling.one_per_owner import OnePerOwner


async def test_a_second_job_of_the_same_owner_is_refused_and_another_owner_is_not() -> None:
    exports = OnePerOwner("export", timeout=0)
    async with exports.turn("a"):
        with pytest.raises(RateLimitExceeded) as told:
            async with exports.turn("a"):
                pytest.fail("two at once")
        async with exports.turn("b"):
            pass
    assert told.value.details == {"limit": 1, "name": "export", "retry_after": 1}
    async with exports.turn("a"):
        pass


async def test_a_second_job_waits_as_long_as_its_patience_lasts() -> None:
    searches = OnePerOwner("search", timeout=5)
    order: list[int] = []

    async def search(number: int) -> None:
        async with searches.turn("a"):
            order.append(number)
            await asyncio.sleep(0.01)
            order.append(number)

    await asyncio.gather(*(search(number) for number in range(4)))
    assert order == [0, 0, 1, 1, 2, 2, 3, 3]


async def test_who_leaves_while_waiting_leaves_nothing_behind() -> None:
    turns = OnePerOwner("question")
    async with turns.turn("a"):
        waiting = [asyncio.create_task(_one(turns)) for _ in range(3)]
        await asyncio.sleep(0)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.wait_for(_one(turns), 5)
    assert not turns._slots


async def _one(turns: OnePerOwner) -> None:
    async with turns.turn("a"):
        pass
