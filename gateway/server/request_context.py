"""What is known about one request. It lies in the ASGI scope under `CONTEXT`.

The facts about the request are fixed when it arrives. Later findings have one writer each: the
authentication middleware sets `caller`, the chat routes set `log`, `response` collects headers.
"""

import time
from dataclasses import dataclass, field
from typing import Literal

from starlette.requests import HTTPConnection
from starlette.types import Scope

from gateway.server.client_connection import ClientConnection
from gateway.server.response_headers import ResponseHeaders

CONTEXT = "sightdesk"
IS_HEAD = "sightdesk.head"  # in the scope of a HEAD request, which is answered like GET


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling. `name` labels metrics and logs; files and answers belong to `owner`."""

    kind: Literal["key", "user", "token", "anonymous"]
    name: str
    owner: str
    # The id for a new visitor cookie, where the visitor came without a valid one.
    new_visitor: str | None = None
    # The page that an embed token was made for.
    embed_origin: str | None = None
    # The key's own rate, such as 600/minute, where it has one.
    limit: str | None = None
    # The name under which a staff member acts; "" for everyone else.
    staff: str = ""
    # For whom the company's systems are asked: the embed token's subject, nginx's user, or `demo`.
    # "" where nobody is signed in.
    subject: str = ""
    tenant: str = "desk"  # the key's name; a token's is that of the key that made it
    by_provider: bool = False  # signed in by single sign-on


@dataclass(frozen=True, slots=True)
class RequestLog:
    """The part of the access log line that only an answer knows."""

    model: str = ""
    images: int = 0  # pictures and pages
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_token_seconds: float | None = None  # since the request arrived


NO_ANSWER = RequestLog()


@dataclass(slots=True, eq=False)  # a request equals only itself, so it can be a dictionary's key
class RequestContext:
    request_id: str
    address: str  # of the client, without a port
    through_proxy: bool  # through a trusted one
    scheme: str  # http or https, as the client sent the request
    # The client, past all middleware. Who writes to it adds `response.start()`'s headers.
    connection: ClientConnection
    request_headers: dict[str, str] = field(default_factory=dict)  # by lower-case name
    started: float = field(default_factory=time.perf_counter)
    caller: Caller | None = None
    response: ResponseHeaders = field(init=False)
    log: RequestLog = NO_ANSWER

    def __post_init__(self) -> None:
        self.response = ResponseHeaders(self.request_id)

    @property
    def limit_owner(self) -> str:
        """Who is charged and queued. A visitor without a cookie is an address: dropping the cookie
        must not give a fresh rate limit."""
        if self.caller is None or self.caller.new_visitor is not None:
            return f"address:{self.address}"
        return self.caller.owner

    def elapsed(self) -> float:
        """Seconds since the request arrived."""
        return time.perf_counter() - self.started


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers by lower-case name. Values of a repeated name are joined by commas,
    which means the same (RFC 9110, section 5.3)."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def context_of(scope: Scope) -> RequestContext:
    context: RequestContext = scope[CONTEXT]
    return context


async def caller_of(request: HTTPConnection) -> Caller:
    """The authenticated caller, for routes that nobody may call unauthenticated."""
    caller = context_of(request.scope).caller
    assert caller is not None, "an open route (auth/authenticator.py) has no caller"
    return caller
