"""People who work with a desk while something happens to it."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.support.docker_stack import Stack
from tests.support.paths import SCREENS
from tests.support.servers import wait_until
from tests.support.visitor import Visitor

QUESTION: dict[str, Any] = {
    "model": "sightdesk-lite",
    "messages": [{"role": "user", "content": "hello"}],
}


def ask(stack: Stack, key: str) -> requests.Response:
    headers = {"authorization": f"Bearer {key}"}
    url = stack.url + "/v1/chat/completions"
    return requests.post(url, json=QUESTION, headers=headers, timeout=60)


@dataclass(slots=True)
class Tries:
    """What came of a customer's requests, one after the other. Status 0: no whole answer."""

    name: str
    one: Callable[[], requests.Response]
    done: list[tuple[float, float, int]] = field(default_factory=list)  # began, seconds, status

    def run(self, until: threading.Event) -> None:
        while not until.is_set():
            began = time.monotonic()
            try:
                status = self.one().status_code
            except requests.RequestException:
                status = 0
            self.done.append((began, time.monotonic() - began, status))
            until.wait(0.05)

    def failed(self) -> list[tuple[float, float, int]]:
        return [one for one in self.done if one[2] >= 300 or one[2] == 0]

    def slowest(self, since: float = 0.0) -> float:
        return max(seconds for began, seconds, _ in self.done if began >= since)

    def tell(self) -> str:
        statuses = dict(Counter(status for *_, status in self.done))
        return f"{self.name}: {statuses}, slowest {self.slowest():.2f} s"


def whole(response: requests.Response) -> requests.Response:
    """Reads the answer to its end. Raises RequestException where that is an error event."""
    if b'data: {"error"' in response.content:
        raise requests.RequestException(response.text[-500:])
    return response


@contextlib.contextmanager
def customers(stack: Stack, key: str) -> Iterator[list[Tries]]:
    """Five at work meanwhile. Their last requests are done at the end."""
    desk = stack.signed_in()
    visitor, uploader, asker = Visitor(desk.url), Visitor(desk.url), Visitor(desk.url)
    conversation = visitor.ask("hello")["conversation"]
    other = asker.ask("hello")["conversation"]
    data = (SCREENS / "browser-error.png").read_bytes()
    tries = [
        Tries("history", lambda: visitor.call("GET", f"/api/conversations/{conversation}")),
        Tries(
            "uploads",
            lambda: uploader.call("POST", "/api/files", files={"file": ("error.png", data)}),
        ),
        Tries("questions", lambda: whole(asker.begin("hello", other))),
        Tries("key", lambda: ask(stack, key)),
        Tries("/readyz", lambda: requests.get(stack.url + "/readyz", timeout=30)),
    ]
    until = threading.Event()
    with ThreadPoolExecutor(len(tries)) as pool:
        running = [pool.submit(one.run, until) for one in tries]
        try:
            yield tries
        finally:
            until.set()
    for one in running:
        one.result()


def work_since(moment: float, tries: list[Tries]) -> None:
    """Returns when each of them has had three requests that began after this moment."""

    def have_worked() -> bool:
        return all(sum(began > moment for began, *_ in one.done) >= 3 for one in tries)

    wait_until(have_worked, 60)
