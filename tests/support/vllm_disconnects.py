"""How soon vLLM stops working for a client that has disconnected, by vLLM's own metric."""

import re
import secrets
import select
import socket
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.support import disconnects
from tests.support.servers import wait_until

SAMPLE = re.compile(r"^vllm:(\w+)(?:\{[^}]*\})? (\S+)$", re.M)
# Greedy noise that is rewarded for repeating itself never comes to an end.
ENDLESS: dict[str, Any] = {
    "messages": [{"role": "user", "content": "hello"}],
    "max_tokens": 7000,
    "temperature": 0,
    "frequency_penalty": -2,
}
# vLLM needs seconds for the first token of this, once: then it remembers the words.
LONG_PROMPT = "运单 发票 "
REPEATS = 1500
# More than one step of --max-num-batched-tokens: the gauge shows a request after its first step.
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


# A fourth case, whole and after the first byte, has nothing to abort: vLLM sends a whole answer
# only when it is done.
CASES = (
    Case("streaming, after the first byte", stream=True, after_bytes=True),
    Case("streaming, before it", stream=True, after_bytes=False),
    Case("whole, before it", stream=False, after_bytes=False),
)


def gauges(engine: str) -> dict[str, float]:
    """vLLM's own metrics, summed over labels."""
    with urllib.request.urlopen(engine + "/metrics", timeout=10) as told:
        text = told.read().decode("utf-8")
    sums: dict[str, float] = {}
    for name, value in SAMPLE.findall(text):
        sums[name] = sums.get(name, 0.0) + float(value)
    return sums


def runs(engine: str) -> bool:
    return gauges(engine)["num_requests_running"] > 0


def ask(gateway: str, body: dict[str, Any], key: str) -> socket.socket:
    return disconnects.ask(gateway, body, headers=f"authorization: Bearer {key}\r\n")


def leave_while_running(
    gateway: str, engine: str, case: Case, model: str, key: str, repeats: int = REPEATS
) -> float:
    """Returns the seconds from disconnect to idle vLLM. Raises AssertionError after 10 s."""
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
