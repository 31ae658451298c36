"""What is known of one request. It is in the ASGI scope under `CONTEXT`."""

import time
from dataclasses import dataclass, field
from typing import Literal

from starlette.requests import HTTPConnection
from starlette.types import Scope

from gateway.server.client_connection import ClientConnection, Headers

CONTEXT = "sightdesk"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling. `name` labels metrics and logs; files and answers belong to `owner`."""

    kind: Literal["key", "user", "token", "anonymous"]
    name: str
    owner: str
    # A visitor cookie to set, where this visitor came without a valid one.
    new_visitor: str | None = None
    # The page that an embed token was made for.
    embed_origin: str | None = None
    # The key's own rate, where it has one: 600/minute.
    limit: str | None = None


@dataclass(slots=True)
class RequestContext:
    request_id: str
    address: str
    through_proxy: bool
    scheme: str  # http or https, as the client came
    # The client, past all layers: who writes to it adds `answer`'s headers to the head.
    connection: ClientConnection
    # The request's headers by lower-case name.
    given: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    caller: Caller | None = None
    status: int | None = None  # of the response, once its head is out
    model: str = ""
    images: int = 0
    body_bytes: int = 0  # of a large body, while it is in memory (throttling/body_memory.py)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_token_seconds: float | None = None
    # Seconds by stage, for Server-Timing: queue, media, knowledge, upstream.
    timings: dict[str, float] = field(default_factory=dict)
    # Headers that stages want on the response.
    headers: Headers = field(default_factory=list)
    # Visitor cookie to set. Sent only with charged responses: each cookie gets a fresh rate limit.
    cookie: bytes = b""
    charged: bool = False

    @property
    def counted(self) -> str:
        """Returns who is charged and queued.

        A visitor without a cookie counts as an address: dropping the cookie wins no new rate limit.
        """
        if self.caller is None or self.caller.new_visitor is not None:
            return f"address:{self.address}"
        return self.caller.owner

    def answer(self, status: int) -> Headers:
        """Notes that the response begins. Returns the headers that every response has."""
        self.status = status
        headers = [(b"x-request-id", self.request_id.encode("latin-1")), *self.headers]
        if self.timings:
            timings = ", ".join(
                [f"{name};dur={seconds * 1000:.1f}" for name, seconds in self.timings.items()]
            )
            headers.append((b"server-timing", timings.encode("ascii")))
        if self.cookie and self.charged:
            headers.append((b"set-cookie", self.cookie))
        headers.append((b"x-content-type-options", b"nosniff"))
        return headers

    def elapsed(self) -> float:
        return time.perf_counter() - self.started


def headers_of(scope: Scope) -> dict[str, str]:
    """Returns the request's headers by lower-case name.

    The values of a repeated name are joined by commas (RFC 9110, section 5.3).
    """
    given: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        given[name] = f"{given[name]}, {value}" if name in given else value
    return given


def context_of(scope: Scope) -> RequestContext:
    context: RequestContext = scope[CONTEXT]
    return context


async def caller_of(request: HTTPConnection) -> Caller:
    """Returns the caller that `Authentication` found, on routes that need one."""
    caller = context_of(request.scope).caller
    assert caller is not None, "this route is listed as open, and asks who calls"
    return caller
