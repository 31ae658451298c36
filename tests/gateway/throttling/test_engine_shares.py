"""Gateways that share a Redis never put more than MAX_CONCURRENT into one engine together."""

import asyncio
import contextlib
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.errors import QueueFull
from gateway.observability.metrics import Metrics
from gateway.throttling import engine_shares
from gateway.throttling.admission import Admission
from gateway.throttling.engine_shares import KEY, EngineShares
from gateway.throttling.redis_client import redis_client
from gateway.upstream.breaker import Breaker
from gateway.upstream.upstream import Upstream
from tests.support.redis import redis_server
from tests.support.servers import running, running_gateway, wait_for

PLACES = 12
QUEUED = 10_000
Redis = tuple[str, "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with redis_server() as started:
        yield started


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_shares, "SETTLE_SECONDS", 0.5)
    monkeypatch.setattr(engine_shares, "REDIS_SECONDS", 10)  # the machine may be busy


class Gateway:
    """The part of a gateway that admits to one engine. `most`: what all had in it at once."""

    def __init__(self, redis: Redis, engine: "Engine", queued: int = QUEUED) -> None:
        self.engine = engine
        self.upstream = Upstream("engine-1", "http://engine", "m", 8192, Breaker(9, 60), PLACES)
        self.upstream.share = 0
        self.admission = Admission([self.upstream], queued, 60, Metrics("0", "lite"))
        self.shares = EngineShares(redis_client(redis[0], 10), self.admission)
        self.task = asyncio.create_task(self.shares.run())

    async def ask(self, owner: str, seconds: float = 0.02) -> None:
        permit = await self.admission.admit(owner, "")
        self.engine.begin(owner)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.engine.end()
            permit.release()

    async def end(self, *, tells: bool = True) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        if tells:
            await self.shares.close()


class Engine:
    def __init__(self) -> None:
        self.running = self.most = 0
        self.by_owner: Counter[str] = Counter()

    def begin(self, owner: str) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        self.by_owner[owner] += 1

    def end(self) -> None:
        self.running -= 1


@contextlib.asynccontextmanager
async def gateways(
    redis: Redis, count: int, queued: int = QUEUED
) -> AsyncIterator[tuple[Engine, list[Gateway]]]:
    client = redis_client(redis[0], 1)
    await client.delete([KEY])
    client.connection_pool.disconnect()
    engine = Engine()
    started = [Gateway(redis, engine, queued) for _ in range(count)]
    try:
        yield engine, started
    finally:
        for gateway in started:
            await gateway.end(tells=not gateway.task.done())


async def served(engine: Engine, count: int) -> None:
    deadline = time.monotonic() + 60
    while engine.by_owner.total() < count:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def settled(started: list[Gateway]) -> None:
    deadline = time.monotonic() + 10
    while sum(one.upstream.share or 0 for one in started) != PLACES or not all(
        one.upstream.share for one in started
    ):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_an_idle_engine_is_split_evenly(redis: Redis) -> None:
    async with gateways(redis, 3) as (_, started):
        await settled(started)
        await asyncio.sleep(1)
        assert [one.upstream.share for one in started] == [4, 4, 4]


async def test_a_single_gateway_gets_every_place(redis: Redis) -> None:
    async with gateways(redis, 1) as (engine, [gateway]):
        await asyncio.gather(*(gateway.ask("a") for _ in range(300)))
        assert engine.most == PLACES


async def test_four_loaded_gateways_fill_the_engine_and_never_more(redis: Redis) -> None:
    async with gateways(redis, 4) as (engine, started):
        await settled(started)
        asking = [one.ask(f"owner-{number % 5}") for number in range(100) for one in started]
        await asyncio.gather(*asking)
        assert engine.most == PLACES


async def test_a_gateway_alone_with_work_borrows_the_places_of_the_idle(redis: Redis) -> None:
    async with gateways(redis, 3) as (engine, started):
        await settled(started)
        await asyncio.gather(*(started[0].ask("a", 0.1) for _ in range(200)))
        assert engine.most == PLACES


async def test_owners_at_different_gateways_get_the_same(redis: Redis) -> None:
    async with gateways(redis, 2) as (engine, started):
        await settled(started)
        crowd = [
            asyncio.create_task(started[0].ask(f"crowd-{number % 3}")) for number in range(400)
        ]
        single = [asyncio.create_task(started[1].ask("single")) for _ in range(400)]
        await served(engine, 60)
        engine.by_owner.clear()
        await served(engine, 200)
        told = engine.by_owner
        for task in (*crowd, *single):
            task.cancel()
        await asyncio.gather(*crowd, *single, return_exceptions=True)
        fair = sum(told.values()) / 4
        assert all(0.6 * fair < count < 1.5 * fair for count in told.values()), told


async def test_one_place_goes_round(redis: Redis) -> None:
    async with gateways(redis, 2) as (engine, started):
        for one in started:
            one.upstream.max_concurrent = 1
        await asyncio.gather(
            *(one.ask(f"owner-{number}", 0.05) for number, one in enumerate(started * 3))
        )
        assert engine.most == 1


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_queue_that_is_full_at_one_gateway_is_full_at_the_others(redis: Redis) -> None:
    async with gateways(redis, 2, queued=20) as (engine, [full, other]):
        await settled([full, other])
        load = [asyncio.create_task(full.ask("a", 60)) for _ in range(PLACES // 2)]
        await until(lambda: engine.running == PLACES // 2)
        load += [asyncio.create_task(full.ask("a", 60)) for _ in range(20)]
        await until(lambda: engine.running == PLACES and other.admission.elsewhere == 14)
        load += [asyncio.create_task(full.ask("a", 60)) for _ in range(6)]
        await until(lambda: other.admission.elsewhere == 20)
        with pytest.raises(QueueFull) as refused:
            await other.ask("b")
        assert refused.value.details == {"limit": 20, "size": 20, "retry_after": 5}
        for task in load[-6:]:
            task.cancel()
        await until(lambda: other.admission.elsewhere == 14)
        late = asyncio.create_task(other.ask("b", 0))
        await until(lambda: full.admission.elsewhere == 1)
        for task in load:
            task.cancel()
        await late
        await asyncio.gather(*load, return_exceptions=True)


async def test_a_new_gateway_gets_its_part_and_a_dead_one_loses_it(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_shares, "LOST_SECONDS", 1.0)
    async with gateways(redis, 2) as (engine, started):
        await settled(started)
        started.append(Gateway(redis, engine))
        await settled(started)
        assert [one.upstream.share for one in started] == [4, 4, 4]
        await started.pop().end(tells=False)  # as after kill -9
        await settled(started)
        assert [one.upstream.share for one in started] == [6, 6]


async def test_while_redis_is_away_each_keeps_an_equal_part(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_shares, "REDIS_SECONDS", 0.5)
    async with gateways(redis, 3) as (engine, started):
        await settled(started)
        load = [
            asyncio.create_task(one.ask(f"owner-{number % 4}"))
            for number in range(300)
            for one in started
        ]
        await asyncio.sleep(0.5)
        redis[1].send_signal(signal.SIGSTOP)
        try:
            parts = [(4, QUEUED - QUEUED // 3)] * 3
            await until(
                lambda: parts == [(one.upstream.share, one.admission.elsewhere) for one in started]
            )
        finally:
            redis[1].send_signal(signal.SIGCONT)
        await asyncio.gather(*load)
        assert engine.most <= PLACES


def test_three_gateways_before_one_engine(redis: Redis) -> None:
    with running("tests.support.fake_engine", {}) as engine, ExitStack() as stack:
        started = [
            stack.enter_context(
                running_gateway(
                    engine.url,
                    Path(stack.enter_context(tempfile.TemporaryDirectory())),
                    ENGINE="cpu",
                    READER_URL="",
                    API_KEYS="shop:sk-shop",
                    RATE_LIMIT_STORAGE=redis[0],
                    MAX_CONCURRENT="6",
                )
            )
            for _ in range(3)
        ]
        for gateway in started:
            wait_for(gateway.url + "/readyz")
        messages = [{"role": "user", "content": "slowly"}]
        body: dict[str, Any] = {"model": "fake-vl", "messages": messages, "stream": True}

        def ask(number: int) -> bytes:
            url = f"{started[number % 3].url}/v1/chat/completions"
            key = {"authorization": "Bearer sk-shop"}
            return requests.post(url, json=body, headers=key, timeout=120).content

        with ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(ask, range(24)))
        assert all(b"data: [DONE]" in answer for answer in answers)
        assert requests.get(engine.url + "/state", timeout=5).json()["most"] == 6
