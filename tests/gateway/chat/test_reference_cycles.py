"""An answer leaves no reference cycles behind.

Its memory is free at once, and no full garbage collection delays the running streams.
"""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.http_client import contents, post, until
from tests.support.servers import Running, running, running_gateway, wait_for

ANSWERS = 100


def garbage(gateway: Running, watch: Path) -> int:
    watch.write_text("")
    gateway.process.send_signal(signal.SIGUSR1)
    until(watch.read_text)
    return int(watch.read_text())


def test_answers_leave_nothing_for_the_garbage_collector(tmp_path: Path) -> None:
    watch = tmp_path / "garbage"
    settings = {"ENGINE": "cpu", "READER_URL": "", "MAX_CONCURRENT": "16", "WATCH_FILE": str(watch)}
    with (
        running("tests.support.faulty_engine", {}) as engine,
        running_gateway(
            engine.url, tmp_path, "tests.support.gateway_without_gc", **settings
        ) as gateway,
        ThreadPoolExecutor(8) as pool,
    ):
        wait_for(gateway.url + "/readyz")
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
