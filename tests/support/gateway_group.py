"""Several gateways that share one rate limit, and many requests to them at once."""

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from httpx_aiohttp import AiohttpTransport

from tests.support.servers import Running, running, running_gateway

KEY = {"authorization": "Bearer sk-shop"}
QUESTION: dict[str, Any] = {"model": "fake-vl", "messages": [{"role": "user", "content": "hi"}]}
ROUTES = {"chat": ("POST", "/v1/chat/completions"), "short": ("GET", "/v1/models")}
AT_ONCE = 64


@contextlib.contextmanager
def gateways(count: int, storage: str, **settings: str) -> Iterator[list[Running]]:
    """`count` gateways with one fake engine, started in parallel."""
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(running("tests.support.fake_engine", {}))
        given = {
            "ENGINE": "cpu",
            "READER_URL": "",
            "API_KEYS": "shop:sk-shop",
            "MAX_CONCURRENT": "256",
        }
        given |= {
            "MAX_QUEUED": "1000",
            "RATE_LIMIT_STORAGE": storage,
            "LOG_LEVEL": "warning",
            **settings,
        }
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(count)]
        starting = [running_gateway(engine.url, folder, **given) for folder in folders]
        with ThreadPoolExecutor(count) as pool:
            started = list(pool.map(stack.enter_context, starting))
        yield started


async def ask(client: httpx.AsyncClient, gateway: Running, route: str) -> tuple[int, float]:
    """(status, seconds)."""
    method, path = ROUTES[route]
    started = time.perf_counter()
    body = QUESTION if method == "POST" else None
    answer = await client.request(method, gateway.url + path, json=body, headers=KEY)
    return answer.status_code, time.perf_counter() - started


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=AiohttpTransport(), timeout=60)


async def asked_at_once(running: list[Running], route: str, count: int) -> Counter[int]:
    """The statuses of `count` requests, spread over the gateways, AT_ONCE at a time."""
    statuses: Counter[int] = Counter()
    turns = iter(range(count))

    async def worker(http: httpx.AsyncClient) -> None:
        for turn in turns:
            status, _ = await ask(http, running[turn % len(running)], route)
            statuses[status] += 1

    async with client() as http:
        await asyncio.gather(*(worker(http) for _ in range(AT_ONCE)))
    return statuses
