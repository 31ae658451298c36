"""A receiver of webhooks on a real port, which behaves as it is told."""

import contextlib
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.threaded_server import serving

SECRET = "whsec_" + "c2lnaHRkZXNrIHdlYmhvb2tzIG9mIHRoZSB0ZXN0cw=="
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close sends a reset


@dataclass(frozen=True, slots=True)
class Received:
    headers: dict[str, str]
    body: bytes
    at: float  # monotonic seconds

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told


@dataclass(slots=True)
class Receiver:
    """`plan`: what the next requests get: a status, or `slow`, `reset`, `redirect`, `endless`;
    afterwards `usual`. `hook` is called with each request before it is answered."""

    url: str = ""
    usual: int | str = 200
    plan: deque[int | str] = field(default_factory=deque)
    hook: Callable[[Received], None] = lambda _: None
    received: list[Received] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def ids(self) -> list[str]:
        return [one.id for one in self.received]

    def numbers(self) -> list[Any]:
        return [one.message["data"].get("n") for one in self.received]


@contextlib.contextmanager
def receiving(host: str = "127.0.0.1", port: int = 0) -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Received(headers, body, time.monotonic())
            with made.guard:
                made.received.append(one)
                made.at_once += 1
                made.most_at_once = max(made.most_at_once, made.at_once)
                answer = made.plan.popleft() if made.plan else made.usual
            try:
                made.hook(one)
                self._answer(answer)
            finally:
                with made.guard:
                    made.at_once -= 1

        def _answer(self, answer: int | str) -> None:
            if answer == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self.connection.close()
                self.close_connection = True
                return
            if answer == "slow":
                time.sleep(1.5)
                answer = 200
            self.send_response(302 if answer in ("redirect", "endless") else int(answer))
            if answer == "redirect":
                self.send_header("location", made.url + "/elsewhere")
            if answer == 503:
                self.send_header("retry-after", "1")
            self.send_header("content-length", "0" if answer != "endless" else str(10**9))
            self.end_headers()

        def log_message(self, format: str, *values: Any) -> None:
            pass

    with serving(Handler, host, port) as made.url:
        yield made
