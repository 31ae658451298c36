"""One request to a provider, by the standard library. Redirects are not followed, and proxies of
the environment are not used."""

import json
import os
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

SECONDS = 6.0  # less than the connectors' timeouts
MAX_BYTES = 1024 * 1024


class Refused(Exception):
    """The provider refused, so nothing was done. `status`: what the desk is told."""

    def __init__(self, message: str, status: int = HTTPStatus.UNPROCESSABLE_ENTITY) -> None:
        super().__init__(message)
        self.status = status


class Failed(Exception):
    """The provider did not answer, or nothing that can be read: it may have done it."""


def setting(name: str) -> str:
    """Raises Refused where it is missing or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise Refused(f"the relay has no {name}", HTTPStatus.FORBIDDEN)
    return value


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


OPENER = build_opener(_NoRedirects, ProxyHandler({}))


def send(
    method: str,
    url: str,
    *,
    json_body: Any = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Any]:
    """(status, body as JSON; None where there is none). Raises Failed, also for 3xx and 5xx."""
    sent = dict(headers or {})
    data = None
    if form is not None:
        data = urlencode(form).encode()
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    elif json_body is not None:
        data = json.dumps(json_body, ensure_ascii=False).encode()
        sent["Content-Type"] = "application/json; charset=utf-8"
    try:
        with OPENER.open(Request(url, data, sent, method=method), timeout=SECONDS) as answer:
            return answer.status, _parsed(answer.read(MAX_BYTES + 1))
    except HTTPError as error:
        with error:
            if not 400 <= error.code < 500:
                raise Failed(f"the provider answered with HTTP {error.code}") from None
            return error.code, _parsed(error.read(MAX_BYTES + 1))
    except (OSError, HTTPException):  # time-outs too
        raise Failed("the provider did not answer") from None


def _parsed(body: bytes) -> Any:
    if not body.strip():
        return None
    if len(body) > MAX_BYTES:
        raise Failed("the provider's answer is too large")
    try:
        return json.loads(body)
    except ValueError:
        raise Failed("the provider's answer is not JSON") from None
