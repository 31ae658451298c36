"""Starts the relay: `python -m examples.connectors.relay`, on HOST (127.0.0.1) and PORT (8400).

RELAY_TOKEN is what the connectors send (CONNECTOR_RELAY_TOKEN). Standard library only. Answers:
2xx is the provider's own JSON; 4xx means that nothing was done; 502 that it may have been done.
"""

import hmac
import json
import os
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from examples.connectors.relay import robots
from examples.connectors.relay.kuaidi100 import track
from examples.connectors.relay.salesforce import Salesforce
from examples.connectors.relay.upstream import Failed, Refused

MAX_BODY = 64 * 1024  # bytes
SHORTEST_TOKEN = 16  # characters
SALESFORCE = Salesforce()
ROBOTS = {"/feishu": robots.tell_feishu, "/dingtalk": robots.tell_dingtalk}


class Relay(BaseHTTPRequestHandler):
    timeout = 15  # seconds for a request to come in

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses hold customers' numbers."""

    def _answer(self) -> None:
        try:
            status, body = self._routed()
        except Refused as refused:
            status, body = refused.status, {"message": str(refused)}
        except Failed as failed:
            status, body = HTTPStatus.BAD_GATEWAY, {"message": str(failed)}
        self._send(status, body)

    def _routed(self) -> tuple[int, Any]:
        """(status, body). Raises Refused, Failed."""
        address = urlsplit(self.path)
        if address.path == "/healthz":
            return HTTPStatus.OK, {"ok": True}
        sent = self.headers.get("authorization", "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {os.environ['RELAY_TOKEN']}".encode()):
            raise Refused("the relay's token is wrong", HTTPStatus.UNAUTHORIZED)
        first, _, rest = address.path.removeprefix("/").partition("/")
        if first == "salesforce":
            query = f"?{address.query}" if address.query else ""
            return SALESFORCE.forward(self.command, f"/{rest}{query}", self._body())
        if first == "kuaidi100" and self.command == "GET":
            phone = parse_qs(address.query).get("phone", [""])[0]
            return HTTPStatus.OK, track(unquote(rest), phone)
        if address.path in ROBOTS and self.command == "POST":
            body = self._body()
            ROBOTS[address.path](str(body.get("text", "") if isinstance(body, dict) else ""))
            return HTTPStatus.OK, {"sent": True}
        raise Refused("there is nothing here", HTTPStatus.NOT_FOUND)

    def _body(self) -> Any:
        length = self.headers.get("content-length") or "0"
        size = int(length) if length.isdecimal() else MAX_BODY + 1
        if size > MAX_BODY:
            raise Refused("the request is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            return json.loads(self.rfile.read(size)) if size else None
        except ValueError:
            raise Refused("the request is not JSON", HTTPStatus.BAD_REQUEST) from None

    def _send(self, status: int, body: Any) -> None:
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def main() -> int:
    if len(os.environ.get("RELAY_TOKEN", "")) < SHORTEST_TOKEN:
        print(f"RELAY_TOKEN needs {SHORTEST_TOKEN} characters or more.", file=sys.stderr)
        return 2
    address = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8400"))
    with ThreadingHTTPServer(address, Relay) as server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
