"""SIGTERM: no new requests, running answers end or are cut off with an error, exit status 0."""

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.support.http_client import body, contents, events, post, state, until
from tests.support.servers import Running, running, running_gateway, wait_for

pytestmark = pytest.mark.both_paths


@pytest.fixture(scope="module")
def engine_of_all() -> Iterator[Running]:
    with running("tests.support.faulty_engine", {}) as engine:
        yield engine


def test_twenty_running_streams_end_whole_and_nothing_new_begins(
    engine_of_all: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = {"ENGINE": "cpu", "READER_URL": "", "MAX_CONCURRENT": "16"}
    with (
        running_gateway(engine_of_all.url, tmp_path_factory.mktemp("data"), **settings) as gateway,
        ThreadPoolExecutor(20) as pool,
        requests.Session() as kept,
    ):
        wait_for(gateway.url + "/readyz")
        assert kept.get(gateway.url + "/healthz", timeout=5).status_code == 200
        asked = [pool.submit(post, gateway, f"{number} say-40-0.05") for number in range(20)]
        until(lambda: state(engine_of_all)["running"] == 16)  # and four in the queue
        time.sleep(0.3)
        gateway.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        for session in (kept, requests):
            with pytest.raises(requests.ConnectionError):
                session.post(gateway.url + "/v1/chat/completions", json=body("say-1"), timeout=5)
        assert {contents(one.result()) for one in asked} == {
            "".join(f" {number}" for number in range(40))
        }
        assert gateway.process.wait(10) == 0


def test_what_is_not_over_in_time_is_cut_off_with_a_word(
    engine_of_all: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = {"ENGINE": "cpu", "READER_URL": "", "MAX_CONCURRENT": "16"}
    data = tmp_path_factory.mktemp("data")
    with (
        running_gateway(
            engine_of_all.url, data, "tests.support.gateway_quick_stop", **settings
        ) as gateway,
        ThreadPoolExecutor(20) as pool,
    ):
        wait_for(gateway.url + "/readyz")
        streams = [pool.submit(post, gateway, f"{number} say-2000-0.02") for number in range(4)]
        wholes = [
            pool.submit(post, gateway, f"{number} stall", stream=False) for number in range(4)
        ]
        until(lambda: state(engine_of_all)["running"] == 8)
        time.sleep(0.3)
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(15) == 0
        for stream in streams:
            assert (
                json.loads(events(stream.result())[-1])["error"]["code"] == "upstream_unavailable"
            )
        for whole in wholes:
            answer = whole.result()
            assert (answer.status_code, answer.json()["error"]["code"]) == (
                503,
                "upstream_unavailable",
            )
            assert answer.headers["retry-after"] == "5"
        until(lambda: state(engine_of_all)["running"] == 0, 1)


def test_an_idle_gateway_stops_at_once_with_zero(
    engine_of_all: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for stop in (signal.SIGTERM, signal.SIGINT):
        with running_gateway(engine_of_all.url, tmp_path_factory.mktemp("data")) as gateway:
            gateway.process.send_signal(stop)
            assert gateway.process.wait(10) == 0
