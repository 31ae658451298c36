"""A signed-in visitor of a running desk, with the standard library alone: scripts on a Docker host
have nothing else."""

import base64
import http.cookiejar
import json
import secrets
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """`status`: 0 where nobody answered. `body`: the JSON, or None."""

    status: int
    body: Any
    request_id: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """Why it is not ok, in a line: the error's code and sentence where it has them."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        if isinstance(error, dict):
            told = f"{self.status} {error.get('code')}: {error.get('message')}"
        elif self.status:
            told = f"status {self.status}"
        else:
            told = str(self.body or "no response")
        return " ".join(told.split())[:300]


class DeskClient:
    """`base_url`: nginx's address. A self-signed certificate is accepted: it is this machine's."""

    def __init__(self, base_url: str, user: str, password: str, seconds: float = 60.0) -> None:
        self._base_url = base_url.rstrip("/")
        self._seconds = seconds
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {pair}", "Accept": "application/json"}
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),  # the desk is on this machine or in this network
            urllib.request.HTTPSHandler(context=context),
            # The visitor cookie: files and conversations belong to it.
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )

    def get(self, path: str) -> Reply:
        return self._send("GET", path, None, {})

    def post(self, path: str, body: dict[str, Any]) -> Reply:
        kind = {"Content-Type": "application/json"}
        return self._send("POST", path, json.dumps(body).encode(), kind)

    def delete(self, path: str) -> Reply:
        return self._send("DELETE", path, None, {"Content-Type": "application/json"})

    def upload(self, path: str, filename: str, data: bytes) -> Reply:
        """Sends one file as a form."""
        mark = secrets.token_hex(16)
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = head.encode() + data + f"\r\n--{mark}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        return self._send("POST", path, body, kind)

    def _send(self, method: str, path: str, body: bytes | None, more: dict[str, str]) -> Reply:
        request = urllib.request.Request(
            self._base_url + path, body, {**self._headers, **more}, method=method
        )
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                return _reply(answer.status, answer.read(), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return _reply(error.code, error.read(), error.headers)
        except (OSError, ValueError) as error:
            return Reply(0, f"no response: {getattr(error, 'reason', error)}")


def _reply(status: int, body: bytes, headers: Any) -> Reply:
    try:
        told = json.loads(body) if body else None
    except ValueError:
        told = None
    return Reply(status, told, headers.get("x-request-id", ""))
