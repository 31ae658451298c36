"""A `request` line for each request to an engine, with the gateway's request id.

Pure ASGI. `lite` has it as its outermost layer. vLLM gets it by `--middleware`, since its own
access log names no request.
"""

import re
import secrets
import time
from contextvars import ContextVar
from typing import Any

from inference.log_lines import LogLines

SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# Asked by the gateway, Docker and Prometheus every few seconds.
SILENT = frozenset(("/health", "/healthz", "/ping", "/metrics", "/v1/models", "/load", "/version"))
HEALTH_CHECK = "health-check"  # the request id of a question that Docker asks; logged as debug
ABORTED = 499  # nginx's status for a client that left before the response began
# "" outside of a request.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestLog:
    def __init__(self, app: Any, lines: LogLines | None = None) -> None:
        self.app = app
        self._lines = lines or LogLines.from_environment()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] in SILENT:
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), ABORTED
        asked = _request_id(scope)
        request_id.set(asked)

        async def noting_status(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting_status)
        finally:
            self._lines.write(
                "request",
                "debug" if asked == HEALTH_CHECK else "info",
                request_id=asked,
                method=scope["method"],
                route=_route(scope),
                status=status,
                duration_ms=round((time.perf_counter() - started) * 1000, 1),
            )


def _request_id(scope: Any) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and SANE_REQUEST_ID.fullmatch(value.decode("latin-1")):
            return str(value.decode("latin-1"))
    return secrets.token_hex(16)


def _route(scope: Any) -> str:
    """The route's template; "other" where none fits, since callers choose the path. FastAPI names
    the route. Starlette names the endpoint alone; `lite`'s routes have no parameters."""
    if "route" in scope:
        return str(getattr(scope["route"], "path", "other"))
    return str(scope["path"]) if "endpoint" in scope else "other"
