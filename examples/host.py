"""The example hosts' server: a folder over HTTP, and a route that gives its pages an embed token.

The API key stays in this process; the browser gets only the token. Run it with `python3 -m
examples.host examples/shop --port 8200`; examples/ticket-desk/server.py adds its own routes.
Standard library only.
"""

import argparse
import contextlib
import json
import mimetypes
import os
import re
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SIGHTDESK_URL = os.environ.get("SIGHTDESK_URL", "http://127.0.0.1:8000").rstrip("/")
API_KEY = os.environ.get("SIGHTDESK_API_KEY", "")
# The system that frames our page, and whose pictures we read: Chatwoot for examples/chatwoot.
PARTNER_ORIGIN = os.environ.get("PARTNER_ORIGIN", "").rstrip("/")
TOKEN_SECONDS = int(os.environ.get("TOKEN_SECONDS", "900"))
MAX_BODY = 1024 * 1024
VISITOR = re.compile(r"^[A-Za-z0-9._@-]{1,64}$")
# The strictest policy of a host: embed.js needs script-src and frame-src, and nothing inline.
POLICY = (
    f"default-src 'none'; script-src 'self' {SIGHTDESK_URL}; style-src 'self'; "
    f"img-src 'self' data: blob:; connect-src 'self' {PARTNER_ORIGIN}; "
    f"frame-src {SIGHTDESK_URL}; base-uri 'none'; form-action 'self'; "
    f"frame-ancestors 'self' {PARTNER_ORIGIN}"
)
PLACES = {
    b"{{SIGHTDESK_URL}}": SIGHTDESK_URL.encode(),
    b"{{PARTNER_ORIGIN}}": PARTNER_ORIGIN.encode(),
}


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def mint(user: str, origin: str) -> dict[str, Any]:
    """Buys a token, {token, expires_at}, for a user in frames on `origin`. Raises Refused."""
    request = urllib.request.Request(
        SIGHTDESK_URL + "/v1/embed-tokens",
        json.dumps({"user": user, "origin": origin, "ttl": TOKEN_SECONDS}).encode(),
        {"content-type": "application/json", "authorization": f"Bearer {API_KEY}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            made: dict[str, Any] = json.load(answer)
            return made
    except urllib.error.HTTPError as error:
        raise Refused(
            502, f"SightDesk refused a token: {error.read().decode(errors='replace')[:300]}"
        ) from None
    except OSError as error:
        raise Refused(502, f"SightDesk at {SIGHTDESK_URL} cannot be reached: {error}") from None


class Host(BaseHTTPRequestHandler):
    folder: Path
    origin: str

    def do_GET(self) -> None:
        self.answered(lambda: self.get(urlsplit(self.path).path))

    def do_POST(self) -> None:
        self.answered(lambda: self.post(urlsplit(self.path).path, self.body()))

    def get(self, path: str) -> None:
        self.send_page(self.folder, path.lstrip("/") or "index.html")

    def post(self, path: str, body: dict[str, Any]) -> None:
        if path != "/sightdesk-token":
            raise Refused(404, "There is nothing here.")
        visitor = str(body.get("visitor", ""))
        if not VISITOR.match(visitor):
            raise Refused(400, "visitor: 1 to 64 letters, digits and . _ @ -")
        self.send_json(mint(f"{self.folder.name}:{visitor}", self.origin))

    def answered(self, work: Any) -> None:
        try:
            # Refuses DNS rebinding: another site's name that points at this machine.
            if self.headers.get("host", "") != urlsplit(self.origin).netloc:
                raise Refused(421, f"Open {self.origin}/")
            work()
        except Refused as refused:
            self.send_json({"error": str(refused)}, refused.status)

    def body(self) -> dict[str, Any]:
        """The JSON object in the request's body, from our own pages only. Raises Refused."""
        if self.headers.get("origin", self.origin) != self.origin:
            raise Refused(403, "This comes from another site.")
        if self.headers.get_content_type() != "application/json":
            raise Refused(415, "Send application/json.")
        length = int(self.headers.get("content-length") or 0)
        if length > MAX_BODY:
            raise Refused(413, f"At most {MAX_BODY} bytes.")
        try:
            body = json.loads(self.rfile.read(length))
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refused(400, "Send a JSON object.")
        return body

    def send_page(self, folder: Path, name: str) -> None:
        path = (folder / name).resolve()
        kind = mimetypes.guess_type(path.name)[0]
        if (
            not path.is_relative_to(folder.resolve())
            or not path.is_file()
            or kind is None
            or path.suffix == ".py"
        ):
            raise Refused(404, "There is nothing here.")
        data = path.read_bytes()
        if path.suffix == ".html":
            for place, value in PLACES.items():
                data = data.replace(place, value)
        self.send(200, data, kind)

    def send_json(self, value: object, status: int = 200) -> None:
        self.send(status, json.dumps(value, ensure_ascii=False).encode(), "application/json")

    def send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header(
            "Content-Type",
            kind + ("; charset=utf-8" if kind.startswith(("text/", "application/j")) else ""),
        )
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(handler: type[Host], folder: Path, port: int) -> None:
    """Serves until Ctrl-C, on this machine only. ORIGIN: our origin behind a proxy."""
    if not API_KEY:
        sys.exit(
            "Set SIGHTDESK_API_KEY to a key of your SightDesk (`make key NAME=…`, or API_KEYS)."
        )
    handler.folder = folder
    handler.origin = os.environ.get("ORIGIN", f"http://localhost:{port}").rstrip("/")
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"{handler.origin}/", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Serve one of the example pages and mint its tokens."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8200")))
    arguments = parser.parse_args()
    serve(Host, arguments.folder, arguments.port)
