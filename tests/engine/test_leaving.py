"""A client that leaves frees vLLM: streaming or not, before or after the first byte. vLLM's own gauge says so."""

import json
import select
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from benchmarks.servers import Running
from tests.engine.conftest import Engine, wait_until
from tests.gateway.asking import metric

LONG = {"model": "Qwen3-VL-2B", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 7000}
# Greedy noise that is rewarded for repeating itself never comes to an end.
ENDLESS = {**LONG, "temperature": 0, "frequency_penalty": -2}
# vLLM needs seconds for the first token of this.
PREFILL = {**LONG, "messages": [{"role": "user", "content": "运单 发票 " * 1500}]}


def ask(gateway: Running, body: dict[str, object]) -> socket.socket:
    where = urlsplit(gateway.url)
    connection = socket.create_connection((where.hostname, where.port), 10)
    data = json.dumps(body).encode()
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        b"authorization: Bearer sk-shop\r\ncontent-length: %d\r\n\r\n" % len(data) + data
    )
    return connection


def readable(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0)[0])


def leave_while_running(gateway: Running, engine: Engine, body: dict[str, object], after_bytes: bool) -> float:
    """Seconds from the client's leaving until vLLM runs nothing more."""
    engine.wait_idle()
    connection = ask(gateway, body)
    if after_bytes:
        received = b""
        while received.count(b"data:") < 3:
            received += connection.recv(65_536)
    wait_until(lambda: engine.gauges()["num_requests_running"] >= 1, 20)
    if not after_bytes:
        assert not readable(connection), "not a byte of an answer has come"
    connection.close()
    return wait_until(lambda: engine.gauges()["num_requests_running"] == 0, 10)


@pytest.mark.parametrize(
    ("stream", "after_bytes"),
    [(True, True), (True, False), (False, False)],
    ids=["streaming, after the first byte", "streaming, before it", "whole, before it"],
)
def test_a_client_that_leaves_aborts_the_request_inside_vllm(
    gateway: Running, engine: Engine, stream: bool, after_bytes: bool
) -> None:
    body = {**(ENDLESS if after_bytes or not stream else PREFILL), "stream": stream}
    # Its gauges are refreshed with each step: a step is 256 tokens here, so that a prefill is many.
    assert leave_while_running(gateway, engine, body, after_bytes) <= 0.5


def test_a_whole_answer_whose_client_leaves_while_it_is_sent_is_over_inside_vllm(
    gateway: Running, engine: Engine
) -> None:
    """Whole and after the first byte: vLLM sends nothing before it is done, so what is left to free is the gateway's."""
    engine.wait_idle()
    idle = metric(gateway, "sightdesk_inflight_requests")
    connection = ask(gateway, {**LONG, "max_tokens": 50, "stream": False})
    wait_until(lambda: metric(gateway, "sightdesk_inflight_requests") == idle + 1, 10)
    assert connection.recv(10), "it has begun"
    connection.close()
    assert wait_until(lambda: metric(gateway, "sightdesk_inflight_requests") == idle, 5) <= 0.5
    assert engine.gauges()["num_requests_running"] == 0


def test_many_that_leave_at_once_leave_nothing_behind(gateway: Running, engine: Engine) -> None:
    engine.wait_idle()
    connections = [ask(gateway, {**ENDLESS, "stream": True}) for _ in range(4)]
    wait_until(lambda: engine.gauges()["num_requests_running"] >= 4, 20)
    threads = [threading.Thread(target=connection.close) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wait_until(lambda: engine.gauges()["num_requests_running"] == 0, 10) <= 1.5
    time.sleep(0.2)
    assert engine.gauges()["num_requests_waiting"] == 0
