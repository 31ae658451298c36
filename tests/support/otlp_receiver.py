"""A collector of traces: takes OTLP over HTTP, and tells which spans it got.

`GET /spans` gives them as JSON; `GET /echo/…` is a business system that remembers its headers,
which `GET /asked` gives. MODE=refuse answers 503 to every batch, MODE=hang never answers one.
"""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

MODE = os.environ.get("MODE", "")
SPANS: list[dict[str, Any]] = []
ASKED: list[dict[str, str]] = []


def spans_of(body: bytes) -> list[dict[str, Any]]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        {
            "service": _attributes(resource.resource)["service.name"],
            "trace": span.trace_id.hex(),
            "id": span.span_id.hex(),
            "parent": span.parent_span_id.hex(),
            "name": span.name,
            "kind": span.kind,
            "failed": span.status.code == 2,
            "status_text": span.status.message,
            "events": len(span.events),
            "seconds": (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
            "attributes": _attributes(span),
        }
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _attributes(message: Any) -> dict[str, Any]:
    return {
        one.key: getattr(one.value, one.value.WhichOneof("value")) for one in message.attributes
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if MODE == "hang":
            time.sleep(3600)
        if MODE == "refuse" or self.path != "/v1/traces":
            self._answer(503, b"", "text/plain")
            return
        SPANS.extend(spans_of(body))
        ASKED.append({"path": self.path, "x-team": self.headers.get("x-team", "")})
        answer = ExportTraceServiceResponse().SerializeToString()
        self._answer(200, answer, "application/x-protobuf")

    def do_GET(self) -> None:
        if self.path.startswith("/echo"):
            ASKED.append({"path": self.path, **{name: self.headers[name] for name in self.headers}})
            told: Any = {"status": "in transit"}
        else:
            told = {"/spans": SPANS, "/asked": ASKED}.get(self.path, {})
        self._answer(200, json.dumps(told).encode(), "application/json")

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    address = (os.environ["HOST"], int(os.environ["PORT"]))
    server = ThreadingHTTPServer(address, Handler)
    server.daemon_threads = True
    server.serve_forever()
