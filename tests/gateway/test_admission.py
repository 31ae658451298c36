"""The queue before the engines."""

import asyncio

import pytest

from gateway.engines.breaker import Breaker, State
from gateway.engines.upstream import Upstream
from gateway.errors import QueueFull, UpstreamUnavailable
from gateway.limits.admission import Admission
from gateway.metrics import Metrics


def engine(name: str = "engine-1", places: int = 1) -> Upstream:
    return Upstream(name, "http://nowhere", "m", 8192, Breaker(2, 60), places)


def admission(*engines: Upstream, queued: int = 4, timeout: float = 5) -> Admission:
    return Admission(list(engines), queued, timeout, Metrics("0", "lite"))


async def test_a_full_engine_makes_the_next_wait_until_a_place_is_free() -> None:
    queue = admission(engine())
    first = await queue.admit("a", "x")
    waiting = asyncio.create_task(queue.admit("b", "x"))
    await asyncio.sleep(0)
    assert not waiting.done()
    first.release()
    (await waiting).release()
    assert queue.upstreams[0].inflight == 0


async def test_one_owner_with_many_requests_does_not_shut_out_another() -> None:
    queue = admission(engine(), queued=10)
    served: list[str] = []

    async def ask(owner: str) -> None:
        permit = await queue.admit(owner, "x")
        served.append(owner)
        await asyncio.sleep(0)
        permit.release()

    first = await queue.admit("z", "x")
    tasks = [asyncio.create_task(ask(owner)) for owner in ("a", "a", "a", "b")]
    await asyncio.sleep(0)
    first.release()
    await asyncio.gather(*tasks)
    assert served.index("b") == 1


async def test_a_full_queue_refuses_at_once_and_a_long_wait_ends() -> None:
    queue = admission(engine(), queued=1, timeout=0.05)
    await queue.admit("a", "x")
    waiting = asyncio.create_task(queue.admit("b", "x"))
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await queue.admit("c", "x")
    with pytest.raises(QueueFull):
        await waiting
    assert queue.depth == 0


async def test_whoever_waits_hears_his_position() -> None:
    queue = admission(engine())
    heard: list[int] = []

    async def moved(position: int) -> None:
        heard.append(position)

    first = await queue.admit("a", "x")
    second = asyncio.create_task(queue.admit("b", "x", moved=moved))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.release()
    (await second).release()
    assert heard == [1]


async def test_a_waiter_that_is_cancelled_leaves_nothing_behind() -> None:
    queue = admission(engine())
    first = await queue.admit("a", "x")
    waiting = asyncio.create_task(queue.admit("b", "x"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    first.release()
    assert (queue.depth, queue.upstreams[0].inflight) == (0, 0)


async def test_one_conversation_stays_with_one_engine_and_a_dead_one_is_left_out() -> None:
    one, two = engine("engine-1", 9), engine("engine-2", 9)
    queue = admission(one, two)
    chosen = {(await queue.admit("a", "conversation")).upstream.name for _ in range(3)}
    assert len(chosen) == 1
    (one if chosen == {"engine-1"} else two).up = False
    assert (await queue.admit("a", "conversation")).upstream.name not in chosen
    one.up = two.up = False
    with pytest.raises(UpstreamUnavailable):
        await queue.admit("a", "conversation")


def test_a_circuit_opens_after_failures_and_lets_one_probe_through() -> None:
    breaker = Breaker(2, 0.0)
    breaker.failed()
    assert breaker.state is State.CLOSED
    breaker.failed()
    assert breaker.state is State.HALF_OPEN
    assert breaker.allows()
    breaker.started()
    assert not breaker.allows()
    breaker.succeeded()
    assert breaker.state is State.CLOSED
