"""Readings that gateways share in a real Redis: found by all, readable by nobody else."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.media import shared_readings
from gateway.media.shared_readings import KEEP_SECONDS, REPLY_SECONDS, SharedReadings
from gateway.throttling.redis_client import redis_client
from tests.support.access import SCREEN, bearer, settings
from tests.support.http_client import until
from tests.support.redis import redis_server
from tests.support.servers import Running, free_port, running_gateway, wait_for

SECRET = "secret-of-the-gateways"
DIGEST = "ab" * 32
READING = {"image": f"sha256:{DIGEST}", "lines": [{"text": "李雷 13812345678"}], "fields": []}
KEY = bearer("sk-shop")
Redis = tuple[str, "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with redis_server() as started:
        yield started


def command(redis: Redis, *words: str) -> str:
    port = redis[0].rpartition(":")[2].partition("/")[0]
    told = subprocess.run(
        ["redis-cli", "--no-raw", "-p", port, *words], capture_output=True, text=True, check=True
    )
    return told.stdout


@pytest.fixture
async def shared(redis: Redis) -> AsyncIterator[SharedReadings]:
    command(redis, "flushall")
    made = SharedReadings(redis_client(redis[0], REPLY_SECONDS), SECRET)
    yield made
    await made.close()


async def kept(shared: SharedReadings, sha256: str, reading: dict[str, Any]) -> None:
    shared.keep(sha256, reading)
    await asyncio.gather(*shared._puts)


async def test_a_reading_is_found_by_its_picture_for_an_hour(
    redis: Redis, shared: SharedReadings
) -> None:
    assert await shared.find(DIGEST) is None
    await kept(shared, DIGEST, READING)
    other = SharedReadings(redis_client(redis[0], REPLY_SECONDS), SECRET)
    assert await other.find(DIGEST) == READING
    assert await other.find("cd" * 32) is None
    await other.close()
    [name] = command(redis, "keys", "sightdesk/reading/*").split()[1:]
    left = int(command(redis, "ttl", name.strip('"')).split()[-1])
    assert KEEP_SECONDS - 60 < left <= KEEP_SECONDS


async def test_redis_alone_tells_neither_the_picture_nor_what_is_in_it(
    redis: Redis, shared: SharedReadings
) -> None:
    await kept(shared, DIGEST, READING)
    [name] = command(redis, "keys", "*").split()[1:]
    value = command(redis, "get", name.strip('"'))
    for told in (name, value):
        assert DIGEST not in told
        assert "13812345678" not in told
    stranger = SharedReadings(redis_client(redis[0], REPLY_SECONDS), "another secret")
    assert await stranger.find(DIGEST) is None
    await stranger.close()


async def test_a_value_that_somebody_else_wrote_is_no_reading(
    redis: Redis, shared: SharedReadings
) -> None:
    await kept(shared, DIGEST, READING)
    [name] = command(redis, "keys", "*").split()[1:]
    command(redis, "set", name.strip('"'), "x" * 60)
    assert await shared.find(DIGEST) is None


async def test_one_gateway_keeps_no_more_than_its_bound(
    redis: Redis, shared: SharedReadings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_readings, "MAX_OWN_BYTES", 1000)
    for number in range(20):
        await kept(shared, f"{number:064x}", READING)
    assert 1 < len(command(redis, "keys", "*").splitlines()) < 12
    monkeypatch.setattr(shared_readings, "MAX_BYTES", 100)
    await kept(shared, DIGEST, READING)
    assert await shared.find(DIGEST) is None


async def test_a_redis_that_is_silent_costs_one_wait(redis: Redis, shared: SharedReadings) -> None:
    await kept(shared, DIGEST, READING)
    redis[1].send_signal(signal.SIGSTOP)
    try:
        loop = asyncio.get_running_loop()
        started = loop.time()
        for _ in range(20):
            assert await shared.find(DIGEST) is None
            shared.keep("cd" * 32, READING)
        assert loop.time() - started < 3 * REPLY_SECONDS
    finally:
        redis[1].send_signal(signal.SIGCONT)


def test_a_gateway_whose_reader_is_away_has_what_another_has_read(
    lite: Running, engine: Running, redis: Redis, tmp_path: Path
) -> None:
    def reading(gateway: Running) -> Any:
        file = {"file": ("screen.png", SCREEN.read_bytes())}
        made = requests.post(gateway.url + "/api/files", files=file, headers=KEY, timeout=20)
        path = f"/api/files/{made.json()['id']}/reading"
        answer = requests.get(gateway.url + path, headers=KEY, timeout=20)
        return answer.json()["data"][0]

    given = settings(RATE_LIMIT_STORAGE=redis[0])
    nowhere = f"http://127.0.0.1:{free_port()}"
    with (
        running_gateway(engine.url, tmp_path, **{**given, "READER_URL": lite.url}) as first,
        running_gateway(engine.url, tmp_path, **{**given, "READER_URL": nowhere}) as second,
    ):
        for gateway in (first, second):
            wait_for(gateway.url + "/readyz")
        read = reading(first)
        assert read["lines"]
        until(lambda: "sightdesk/reading" in command(redis, "keys", "*"))
        assert reading(second)["lines"] == read["lines"]
