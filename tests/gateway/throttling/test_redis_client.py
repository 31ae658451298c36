"""The client of the shared Redis: names that take long to look up."""

import asyncio
import socket
from typing import Any

import pytest

from gateway.throttling.redis_client import FAILURES, redis_client
from tests.support.redis import redis_server

CLIENTS, CALLS = 3, 8


class SlowNames:
    """In place of the loop's lookups: none ends before `found` is set."""

    def __init__(self) -> None:
        self.asked = 0
        self.found = asyncio.Event()

    async def getaddrinfo(self, *_: Any, **__: Any) -> list[Any]:
        self.asked += 1
        await self.found.wait()
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> SlowNames:
    slow = SlowNames()
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", slow.getaddrinfo)
    return slow


async def given_up(client: Any) -> None:
    with pytest.raises(FAILURES):
        async with asyncio.timeout(0.05):
            await client.ping()


async def test_all_that_connect_wait_for_one_lookup_of_redis(names: SlowNames) -> None:
    clients = [redis_client("redis://away:6379/0", 1) for _ in range(CLIENTS)]
    await asyncio.gather(*(given_up(one) for one in clients for _ in range(CALLS)))
    await asyncio.gather(*(given_up(one) for one in clients for _ in range(CALLS)))
    assert names.asked == 1


async def test_a_lookup_that_fails_is_told_and_made_anew(names: SlowNames) -> None:
    client = redis_client("redis://away:6379/0", 1)
    names.found.set()
    for _ in range(2):
        before = names.asked
        with pytest.raises(FAILURES, match="Name or service not known"):
            await client.ping()
        assert names.asked > before


async def test_a_redis_that_is_found_is_asked() -> None:
    with redis_server() as (url, _):
        client = redis_client(url.replace("127.0.0.1", "localhost"), 5)
        assert await client.ping() in (b"PONG", "PONG")
        client.connection_pool.disconnect()
