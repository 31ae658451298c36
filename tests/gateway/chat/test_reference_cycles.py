"""An answer leaves no reference cycles behind.

Its memory is free at once, and no full garbage collection delays the running streams.
"""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.http_client import contents, post, until
from tests.support.servers import Running, running, running_gateway, wait_for

ANSWERS = 100
FAILURES = 10


def garbage(gateway: Running, watch: Path) -> int:
    watch.write_text("")
    gateway.process.send_signal(signal.SIGUSR1)
    until(watch.read_text)
    return int(watch.read_text())


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("watch") / "garbage"


@pytest.fixture(scope="module")
def gateway(watch: Path) -> Iterator[Running]:
    settings = {
        "ENGINE": "cpu",
        "READER_URL": "",
        "MAX_CONCURRENT": "16",
        "BREAKER_FAILURES": "1000",
        "WATCH_FILE": str(watch),
    }
    with (
        running("tests.support.faulty_engine", {}) as engine,
        running_gateway(
            engine.url, watch.parent, "tests.support.gateway_without_gc", **settings
        ) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        yield gateway


def test_answers_leave_nothing_for_the_garbage_collector(gateway: Running, watch: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for stream in (True, False):
            post(gateway, "say-2", stream=stream)  # what is loaded when it is first needed
            garbage(gateway, watch)
            asked = [
                pool.submit(post, gateway, f"{number} say-2", stream=stream)
                for number in range(ANSWERS)
            ]
            answers = [one.result() for one in asked]
            assert all(answer.ok for answer in answers)
            assert not stream or {contents(answer) for answer in answers} == {" 0 1"}
            time.sleep(0.2)
            assert garbage(gateway, watch) < ANSWERS, "less than an object for each answer"


@pytest.mark.parametrize("order", ["die-mid-stream", "die-after-head", "fail", "error-event"])
@pytest.mark.parametrize("stream", [True, False])
def test_failures_leave_nothing_for_the_garbage_collector(
    gateway: Running, watch: Path, order: str, *, stream: bool
) -> None:
    post(gateway, order, stream=stream)
    garbage(gateway, watch)
    for number in range(FAILURES):
        told = post(gateway, f"{number} {order}", stream=stream)
        assert '"error"' in told.text
    time.sleep(0.2)
    assert garbage(gateway, watch) < FAILURES, "less than an object for each failure"
