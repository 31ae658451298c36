"""Admission with an engine that counts how many requests it has at once."""

import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import httpx
import pytest
import requests

from tests.support.disconnects import ask
from tests.support.http_client import admin, body, contents, metric, post, state, until
from tests.support.servers import Running, running, running_gateway, wait_for

KEYS = {"many": {"authorization": "Bearer sk-many"}, "few": {"authorization": "Bearer sk-few"}}


@pytest.fixture(scope="module")
def counting() -> Iterator[Running]:
    with running("tests.support.faulty_engine", {}) as engine:
        yield engine


@pytest.fixture(scope="module")
def narrow(counting: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = {
        "MAX_CONCURRENT": "2",
        "MAX_QUEUED": "60",
        "QUEUE_TIMEOUT": "20",
        "BREAKER_FAILURES": "1000",
    }
    data = tmp_path_factory.mktemp("data")
    with running_gateway(
        counting.url, data, ENGINE="cpu", READER_URL="", API_KEYS="a:sk-many,b:sk-few", **settings
    ) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


@contextmanager
def full(gateway: Running, engine: Running) -> Iterator[None]:
    """Both places are taken until the end of the block, however long that takes on this machine."""
    holders = [ask(gateway.url, body("say-100000-0.02")) for _ in range(2)]
    try:
        until(lambda: state(engine)["running"] == 2)
        yield
    finally:
        for holder in holders:
            holder.close()


def queued(gateway: Running, count: int) -> bool:
    return metric(gateway, "sightdesk_queue_depth") == count


async def test_a_storm_with_leavers_never_exceeds_the_engines_places(
    narrow: Running, counting: Running
) -> None:
    admin(counting, "forget")
    chance = random.Random(7)
    url = narrow.url + "/v1/chat/completions"

    async def ask(client: httpx.AsyncClient, number: int) -> int:
        leaves = chance.random() < 0.5
        wanted = body(f"{number} say-10-0.01", stream=chance.random() < 0.7)
        try:
            async with asyncio.timeout(chance.uniform(0, 2) if leaves else 60):
                return (await client.post(url, json=wanted, timeout=60)).status_code
        except TimeoutError:
            return 0

    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None)) as client:
        told = await asyncio.gather(*(ask(client, number) for number in range(60)))
    assert set(told) <= {0, 200}
    assert told.count(200) >= 20
    assert state(counting)["most"] == 2
    until(lambda: metric(narrow, "sightdesk_inflight_requests") == 0)
    assert metric(narrow, "sightdesk_queue_depth") == 0
    assert state(counting)["running"] == 0


@pytest.mark.parametrize("crowd", ["a key", "a visitor who drops the cookie"])
def test_an_owner_with_fifty_waiting_does_not_starve_another(
    narrow: Running, counting: Running, crowd: str
) -> None:
    done: list[str] = []

    def asks(owner: str) -> None:
        is_visitor = owner == "many" and crowd != "a key"
        path, headers = ("/api/chat", {}) if is_visitor else ("/v1/chat/completions", KEYS[owner])
        answer = requests.post(
            narrow.url + path, json=body("say-2-0.02"), headers=headers, timeout=60
        )
        assert answer.status_code == 200
        done.append(owner)

    with ThreadPoolExecutor(60) as pool, full(narrow, counting):
        for _ in range(50):
            pool.submit(asks, "many")
        until(lambda: metric(narrow, "sightdesk_queue_depth") == 50)
        for _ in range(3):
            pool.submit(asks, "few")
        until(lambda: metric(narrow, "sightdesk_queue_depth") == 53)
    assert done.count("many") == 50
    assert [number for number, owner in enumerate(done) if owner == "few"][-1] < 12


def test_the_page_hears_its_position_fall_until_its_turn_has_come(
    narrow: Running, counting: Running
) -> None:
    wanted = {"messages": [{"role": "user", "content": "say-2"}]}
    with ThreadPoolExecutor(8) as pool:
        with full(narrow, counting):
            for number in range(3):
                pool.submit(post, narrow, "say-4-0.1")
                until(partial(queued, narrow, number + 1))
            asked = pool.submit(requests.post, narrow.url + "/api/chat", json=wanted, timeout=60)
            until(lambda: metric(narrow, "sightdesk_queue_depth") == 4)
        page = asked.result()
    told = [json.loads(line[6:]) for line in page.text.split("\n") if line.startswith("data: {")]
    positions = [
        event["sightdesk"]["queue"]["position"]
        for event in told
        if "queue" in event.get("sightdesk", {})
    ]
    assert positions[0] >= 2, "the page's owner comes after the other one's first"
    assert positions == list(range(positions[0], -1, -1))
    assert page.text.endswith("data: [DONE]\n\n")


def test_a_waiter_that_leaves_is_never_sent_and_frees_its_turn(
    narrow: Running, counting: Running
) -> None:
    with full(narrow, counting):
        with pytest.raises(requests.ReadTimeout):
            requests.post(
                narrow.url + "/v1/chat/completions", json=body("the leaver's say-1"), timeout=0.3
            )
        until(lambda: metric(narrow, "sightdesk_queue_depth") == 0, 0.5)
    assert contents(post(narrow, "say-1")) == " 0"
    assert "the leaver's say-1" not in state(counting)["asked"]


@pytest.mark.alone
def test_a_full_queue_answers_at_once_and_a_long_wait_ends(
    counting: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = {"MAX_CONCURRENT": "2", "MAX_QUEUED": "1", "QUEUE_TIMEOUT": "1.5"}
    data = tmp_path_factory.mktemp("data")
    with running_gateway(counting.url, data, ENGINE="cpu", READER_URL="", **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        with ThreadPoolExecutor(1) as pool, full(gateway, counting):
            waiting = pool.submit(post, gateway, "the waiter's say-1")
            until(lambda: metric(gateway, "sightdesk_queue_depth") == 1)
            started = time.monotonic()
            refused = post(gateway, "say-1")
            assert time.monotonic() - started < 1.2, "at once, and not after QUEUE_TIMEOUT"
            assert (refused.status_code, refused.json()["error"]["code"]) == (429, "queue_full")
            assert int(refused.headers["retry-after"]) >= 1
            assert waiting.result().json()["error"]["code"] == "queue_full"
        assert "the waiter's say-1" not in state(counting)["asked"]


def test_places_come_back_after_every_kind_of_end(narrow: Running, counting: Running) -> None:
    """A leak of one place would show with two."""
    orders = [
        "reset",
        "fail",
        "die-mid-stream",
        "garbage",
        "error-event",
        "no-done",
        "usage-twice",
        "split",
    ]
    threads = [threading.Thread(target=post, args=(narrow, order)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: metric(narrow, "sightdesk_inflight_requests") == 0)
    with full(narrow, counting):
        pass
