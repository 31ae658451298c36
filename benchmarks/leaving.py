"""How soon vLLM stops work for a client that has left, by vLLM's own gauge."""

import contextlib
import json
import re
import secrets
import select
import socket
import statistics
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks.servers import wait_until

SAMPLE = re.compile(r"^vllm:(\w+)(?:\{[^}]*\})? (\S+)$", re.M)
# With greedy sampling and a reward for repetition the tiny model never ends its answer.
ENDLESS: dict[str, Any] = {
    "messages": [{"role": "user", "content": "hello"}],
    "max_tokens": 7000,
    "temperature": 0,
    "frequency_penalty": -2,
}
# A prompt whose prefill takes seconds. vLLM caches it, so each request begins with new text.
LONG_PROMPT = "运单 发票 "
REPEATS = 1500
# Longer than one step of --max-num-batched-tokens: the gauge shows a request after its first step.
ON_GPU = 6000


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    stream: bool
    after_bytes: bool

    def body(self, repeats: int) -> dict[str, Any]:
        if self.after_bytes or not self.stream:
            return ENDLESS
        content = f"{secrets.token_hex(8)} {LONG_PROMPT * repeats}"
        return {"messages": [{"role": "user", "content": content}], "max_tokens": 2000}


class TooSoon(AssertionError):
    """The answer began before the client could leave."""


# Not streamed and after the first byte is no case: vLLM sends such an answer when it is finished.
CASES = (
    Case("streaming, after the first byte", stream=True, after_bytes=True),
    Case("streaming, before it", stream=True, after_bytes=False),
    Case("whole, before it", stream=False, after_bytes=False),
)


def gauges(engine: str) -> dict[str, float]:
    """vLLM's metrics, summed over labels."""
    with urllib.request.urlopen(engine + "/metrics", timeout=10) as told:
        text = told.read().decode("utf-8")
    sums: dict[str, float] = {}
    for name, value in SAMPLE.findall(text):
        sums[name] = sums.get(name, 0.0) + float(value)
    return sums


def runs(engine: str) -> bool:
    return gauges(engine)["num_requests_running"] > 0


def ask(gateway: str, body: dict[str, Any], key: str) -> socket.socket:
    where = urlsplit(gateway)
    connection = socket.create_connection((where.hostname, where.port), 10)
    data = json.dumps(body).encode()
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        b"authorization: Bearer %s\r\ncontent-length: %d\r\n\r\n"
        % (key.encode("ascii"), len(data))
        + data
    )
    return connection


def leave_while_running(
    gateway: str, engine: str, case: Case, model: str, key: str, repeats: int = REPEATS
) -> float:
    """Seconds from the client's leaving until vLLM is idle. Raises AssertionError after 10 s."""
    wait_until(lambda: not runs(engine), 20)
    connection = ask(gateway, {"model": model, **case.body(repeats), "stream": case.stream}, key)
    if case.after_bytes:
        received = b""
        while received.count(b"data:") < 3:
            received += connection.recv(65_536)
    wait_until(lambda: runs(engine), 20)
    came = not case.after_bytes and select.select([connection], [], [], 0)[0]
    connection.close()
    if came:
        raise TooSoon(case.name)
    return wait_until(lambda: not runs(engine), 10)


def table(
    gateway: str, engine: str, model: str, key: str, rounds: int = 5, repeats: int = REPEATS
) -> str:
    lines = [
        "| a client that leaves | vLLM runs nothing after, s: median | longest | to reach |",
        "| --- | ---: | ---: | ---: |",
    ]
    for case in CASES:
        took: list[float] = []
        for _ in range(3 * rounds):
            with contextlib.suppress(TooSoon):
                took.append(leave_while_running(gateway, engine, case, model, key, repeats))
            if len(took) == rounds:
                break
        if took:
            lines.append(f"| {case.name} | {statistics.median(took):.2f} | {max(took):.2f} | 0.5 |")
        else:
            lines.append(f"| {case.name} | the answer always began before | | 0.5 |")
    return "\n".join(lines)
