"""A business system that counts what was done: once for each request, or for each key.

It misbehaves by a plan, in every way that leaves its client in doubt.
"""

import contextlib
import json
import os
import signal
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What a request may meet; "slow" answers after SLOW_SECONDS, "late" not while its client waits.
WAYS = (
    *("fine", "refused", "error before", "error after", "reset before", "reset after"),
    *("late", "nonsense", "kill before", "kill after"),
)
SLOW_SECONDS, LATE_SECONDS = 0.5, 30.0


@dataclass(slots=True)
class System:
    """`plan(action, number)`: how it treats the action's request with this number, from 1 on."""

    plan: Callable[[str, int], str] = lambda *_: "fine"
    url: str = ""
    requests: Counter[str] = field(default_factory=Counter)  # by action
    effects: Counter[str] = field(default_factory=Counter)
    keys: dict[str, set[str]] = field(default_factory=dict)  # that came with an action's requests
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)  # by key: what was answered
    lock: threading.Lock = field(default_factory=threading.Lock)

    def act(self, action: str, *, is_keyed: bool) -> str:
        """Does it, unless the key says that it was done before. Returns the body of the answer."""
        with self.lock:
            if is_keyed and action in self.told:
                return self.told[action]
            self.effects[action] += 1
            answer = json.dumps({"number": f"N-{len(self.told) + 1}"})
            self.told[action] = answer
            return answer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        system: System = self.server.system  # type: ignore[attr-defined]  # set where the server is made
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        self.close_connection = True
        if len(body) < length:  # the gateway was killed while it sent
            return
        action = self.headers["idempotency-key"]
        with system.lock:
            system.requests[action] += 1
            system.bodies[action] = json.loads(body)
            way = system.plan(action, system.requests[action])
        if way == "refused":
            self._answer(422, "已经发货，不能取消")
            return
        if way.endswith("before"):
            self._fail(way)
            return
        told = system.act(action, is_keyed=self.path == "/keyed")
        if way == "slow":
            time.sleep(SLOW_SECONDS)
        if way == "late":
            self._wait_for_the_clients_end()
        if way.endswith("after"):
            self._fail(way)
            return
        self._answer(200, "<html>" if way == "nonsense" else told)

    def _wait_for_the_clients_end(self) -> None:
        self.connection.settimeout(LATE_SECONDS)
        with contextlib.suppress(OSError):
            self.connection.recv(1)

    def _fail(self, way: str) -> None:
        kind = way.partition(" ")[0]
        if kind == "error":
            self._answer(500, "oops")
            return
        if kind == "kill":
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(self.headers["x-pid"]), signal.SIGKILL)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        with contextlib.suppress(OSError):  # the client has gone
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # it was reset
            super().finish()

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100


@contextlib.contextmanager
def running_system(plan: Callable[[str, int], str] = lambda *_: "fine") -> Iterator[System]:
    system = System(plan)
    server = Server(("127.0.0.1", 0), Handler)
    server.system = system  # type: ignore[attr-defined]  # for its handler
    system.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield system
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
