"""A gateway before two engines: a long prompt leaves the engine that works on one already."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.http_client import state
from tests.support.servers import Running, running, running_gateway, wait_until

KEY = {"authorization": "Bearer sk-shop"}
LONG = "word " * 6000


@contextlib.contextmanager
def before(data: Path, tells: dict[str, str]) -> Iterator[tuple[Running, list[Running]]]:
    with contextlib.ExitStack() as stack:
        engines = [
            stack.enter_context(running("tests.support.fake_engine", tells)) for _ in range(2)
        ]
        urls = ",".join(engine.url for engine in engines)
        settings = {"ENGINE": "cpu", "READER_URL": "", "API_KEYS": "shop:sk-shop"}
        settings |= {"MAX_CONCURRENT": "16", "EMBEDDING_URL": ""}
        yield stack.enter_context(running_gateway(urls, data, **settings)), engines


def ask(gateway: Running, text: str) -> None:
    messages = [{"role": "user", "content": text}]
    body: dict[str, Any] = {"model": "fake-vl", "messages": messages, "stream": True}
    url = gateway.url + "/v1/chat/completions"
    requests.post(url, json=body, headers=KEY, timeout=60).raise_for_status()


@pytest.mark.parametrize(("tells", "busy"), [({"CACHE_TOKENS": "48000"}, 2), ({}, 1)])
def test_two_long_prompts_of_one_conversation(
    tmp_path: Path, tells: dict[str, str], busy: int
) -> None:
    """`busy`: engines that work on them. Where engines tell nothing, both stay at one."""
    with before(tmp_path, tells) as (gateway, engines):
        wait_until(lambda: all(state(one)["looked"] for one in engines), 20)
        for number in range(10):
            ask(gateway, f"short {number}")
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(ask, gateway, LONG + "slowly") for _ in range(2)]
            wait_until(lambda: sum(state(one)["running"] for one in engines) == 2, 20)
            assert sum(state(one)["running"] > 0 for one in engines) == busy
            for one in asked:
                one.result()
