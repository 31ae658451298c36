"""Rate limits of four gateways that share one Redis, which is then stalled, then killed.

Prints how many requests exceeded the limit, and what a request costs while Redis does not answer.
"""

import asyncio
import contextlib
import signal
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from httpx_aiohttp import AiohttpTransport

from benchmarks.servers import Running, free_port, running, running_gateway

KEY = {"authorization": "Bearer sk-shop"}
QUESTION = {"model": "fake-vl", "messages": [{"role": "user", "content": "hi"}]}
ROUTES = {"chat": ("POST", "/v1/chat/completions"), "short": ("GET", "/v1/models")}
LIMIT = 600
REQUESTS = 4000
AT_ONCE = 64


@contextlib.contextmanager
def redis_server() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """(URL, process) of a Redis without persistence."""
    port = free_port()
    command = [
        "redis-server",
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while (
            subprocess.run(
                ["redis-cli", "-p", str(port), "ping"], capture_output=True
            ).stdout.strip()
            != b"PONG"
        ):
            if time.monotonic() > deadline:
                raise RuntimeError("redis-server did not start")
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0", process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


@contextlib.contextmanager
def gateways(count: int, storage: str, **settings: str) -> Iterator[list[Running]]:
    """`count` gateways in front of one fake engine, started in parallel."""
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(running("tests.fake_engine", {}))
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


async def one_by_one(gateway: Running, route: str, count: int) -> list[float]:
    """Milliseconds of each of `count` requests."""
    async with client() as http:
        await ask(http, gateway, route)
        return [(await ask(http, gateway, route))[1] * 1000 for _ in range(count)]


def line(name: str, milliseconds: list[float]) -> str:
    return f"{name:24} p50 {statistics.median(milliseconds):6.1f} ms   worst {max(milliseconds):6.1f} ms"


def main() -> None:
    limits = {"RATE_LIMIT_KEY": f"{LIMIT}/minute", "RATE_LIMIT_API": f"{LIMIT}/minute"}
    with redis_server() as (url, _), gateways(4, url, **limits) as four:
        for route in ROUTES:
            passed = asyncio.run(asked_at_once(four, route, REQUESTS))[200]
            over = (passed - LIMIT) / LIMIT
            print(
                f"{route:6} {REQUESTS} requests to 4 gateways, limit {LIMIT}: {passed} passed, overshoot {over:+.2%}"
            )
    with redis_server() as (url, redis), gateways(1, url) as (gateway,):
        for state, act in (
            ("Redis answers", None),
            ("Redis stalled", signal.SIGSTOP),
            ("Redis back", signal.SIGCONT),
            ("Redis killed", signal.SIGKILL),
        ):
            if act is not None:
                redis.send_signal(act)
            if act is signal.SIGCONT:
                time.sleep(2.5)  # a gateway tries Redis again after 2 s
            for route in ROUTES:
                print(line(f"{state}, {route}", asyncio.run(one_by_one(gateway, route, 100))))


if __name__ == "__main__":
    main()
