"""vLLM stops working on a request as soon as its client disconnects.

`make bench-engine` prints how soon.
"""

import threading
import time

import pytest

from tests.support.http_client import metric
from tests.support.servers import Running, wait_until
from tests.support.vllm import Engine
from tests.support.vllm_disconnects import CASES, ENDLESS, Case, ask, leave_while_running

MODEL, KEY = "Qwen3-VL-2B", "sk-shop"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_client_that_leaves_aborts_the_request_inside_vllm(
    gateway: Running, engine: Engine, case: Case
) -> None:
    leave_while_running(gateway.url, engine.url, case, MODEL, KEY)


def test_a_whole_answer_whose_client_leaves_while_it_is_sent_is_over_inside_vllm(
    gateway: Running, engine: Engine
) -> None:
    """vLLM sends a whole answer only when it is done, so only the gateway has something to free."""
    engine.wait_idle()
    idle = metric(gateway, "sightdesk_inflight_requests")
    short = {"model": MODEL, "messages": ENDLESS["messages"], "max_tokens": 50}
    connection = ask(gateway.url, short, KEY)
    wait_until(lambda: metric(gateway, "sightdesk_inflight_requests") == idle + 1, 10)
    assert connection.recv(10), "it has begun"
    connection.close()
    wait_until(lambda: metric(gateway, "sightdesk_inflight_requests") == idle, 5)
    assert engine.gauges()["num_requests_running"] == 0


def test_many_that_leave_at_once_leave_nothing_behind(gateway: Running, engine: Engine) -> None:
    engine.wait_idle()
    connections = [
        ask(gateway.url, {"model": MODEL, **ENDLESS, "stream": True}, KEY) for _ in range(4)
    ]
    wait_until(lambda: engine.gauges()["num_requests_running"] >= 4, 20)
    threads = [threading.Thread(target=connection.close) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: engine.gauges()["num_requests_running"] == 0, 10)
    time.sleep(0.2)
    assert engine.gauges()["num_requests_waiting"] == 0
