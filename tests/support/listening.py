"""A relay before an engine, which keeps what the engine was asked."""

import contextlib
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from tests.support.threaded_server import serving

PIECE = 65_536


@dataclass(slots=True)
class Listening:
    """`asked`: the bodies of the chat requests, the newest last."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)


@contextlib.contextmanager
def listening(engine: str) -> Iterator[Listening]:
    made = Listening("")
    engine_address = urlsplit(engine).netloc

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._relay(None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path.endswith("/chat/completions"):
                made.asked.append(json.loads(body))
            self._relay(body)

        def _relay(self, body: bytes | None) -> None:
            onward = http.client.HTTPConnection(engine_address, timeout=120)
            headers = {"content-type": "application/json"} if body else {}
            with contextlib.closing(onward):
                onward.request(self.command, self.path, body, headers)
                answer = onward.getresponse()
                self.send_response(answer.status)
                self.send_header("content-type", answer.headers.get("content-type", "text/plain"))
                self.end_headers()  # HTTP/1.0: the end of the connection is the end of the answer
                while piece := answer.read1(PIECE):
                    self.wfile.write(piece)

        def log_message(self, format: str, *values: Any) -> None:
            pass

    with serving(Handler) as made.url:
        yield made
