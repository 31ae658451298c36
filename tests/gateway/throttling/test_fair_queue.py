"""The queue serves owners in turn, and bounds how many jobs each may queue."""

import asyncio

import pytest

from gateway.errors import QueueFull
from gateway.throttling.fair_queue import FairQueue


async def test_one_owners_ten_pieces_of_work_hold_another_up_by_one() -> None:
    queue, served = FairQueue(1, 16, "pieces of work"), []

    async def work(owner: str) -> None:
        async with queue.turn(owner):
            served.append(owner)
            await asyncio.sleep(0)

    async with queue.turn("busy"):
        tasks = [asyncio.create_task(work("busy")) for _ in range(10)]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(work("victim")))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert served.index("victim") == 1
    assert len(served) == 11


async def test_who_waits_is_told_each_place_and_then_the_turn() -> None:
    queue, places = FairQueue(1, 16, "pieces of work"), []

    async def moved(position: int) -> None:
        places.append(position)

    async def wait() -> None:
        async with queue.turn("last", moved):
            pass

    async with queue.turn("first"):
        others = [asyncio.create_task(_take(queue, name)) for name in ("second", "third")]
        await asyncio.sleep(0)
        last = asyncio.create_task(wait())
        await asyncio.sleep(0)
    await asyncio.gather(last, *others)
    assert places == [3, 2, 1, 0]


async def test_an_owner_beyond_the_bound_is_refused_and_others_are_not() -> None:
    queue = FairQueue(1, 2, "pieces of work")
    async with queue.turn("busy"):
        waiting = [asyncio.create_task(_take(queue, "busy")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull) as refused:
            async with queue.turn("busy"):
                pass
        assert refused.value.details == {"limit": 2, "size": 2, "retry_after": 5}
        other = asyncio.create_task(_take(queue, "other"))
        await asyncio.sleep(0)
    await asyncio.gather(other, *waiting)


async def test_whoever_leaves_gives_the_turn_back_whenever_that_is() -> None:
    queue = FairQueue(1, 16, "pieces of work")
    async with queue.turn("first"):
        waiting = asyncio.create_task(_take(queue, "leaver"))
        await asyncio.sleep(0)
    waiting.cancel()  # its turn has come, and it has not yet begun
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(_take(queue, "next"), 1)
    assert len(queue) == 0


async def _take(queue: FairQueue, owner: str) -> None:
    async with queue.turn(owner):
        await asyncio.sleep(0)


async def test_an_owner_holds_no_more_turns_than_allowed_and_others_pass() -> None:
    queue, served = FairQueue(3, 16, "pieces of work", slots_per_owner=1), []
    release = asyncio.Event()

    async def work(owner: str) -> None:
        async with queue.turn(owner):
            served.append(owner)
            await release.wait()

    tasks = [asyncio.create_task(work(owner)) for owner in ("busy", "busy", "busy", "other")]
    for _ in range(5):
        await asyncio.sleep(0)
    assert served == ["busy", "other"]
    release.set()
    await asyncio.gather(*tasks)
    assert served == ["busy", "other", "busy", "busy"]
