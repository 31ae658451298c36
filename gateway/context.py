"""What one request carries from stage to stage. It lies in the ASGI scope under `CONTEXT`."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from starlette.requests import HTTPConnection
from starlette.types import Scope, Send

CONTEXT = "sightdesk"
# Takes one whole chunk of HTTP/1.1, its frame included, and says whether it did.
WriteChunk = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling. `name` labels metrics and logs, `owner` is what files and answers belong to."""

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
    # The server's own send: once a response's head is out, no layer in between has anything to add to its body.
    send: Send
    # The same for chunks that need no frame, where the server can.
    write_chunk: WriteChunk | None = None
    started: float = field(default_factory=time.perf_counter)
    caller: Caller | None = None
    model: str = ""
    images: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_token_seconds: float | None = None
    # Seconds by stage, for Server-Timing: queue, media, knowledge, upstream.
    timings: dict[str, float] = field(default_factory=dict)
    # Headers that stages want on the response: (name, value), lower-case.
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def counted(self) -> str:
        """Who is charged and queued. A visitor without a cookie is an address: dropping it must not win a new allowance."""
        if self.caller is None or self.caller.new_visitor is not None:
            return f"address:{self.address}"
        return self.caller.owner

    def elapsed(self) -> float:
        return time.perf_counter() - self.started


def context_of(where: HTTPConnection | Scope) -> RequestContext:
    scope = where.scope if isinstance(where, HTTPConnection) else where
    context: RequestContext = scope[CONTEXT]
    return context


async def caller_of(request: HTTPConnection) -> Caller:
    """The caller whom `Identify` has found. For routes that nobody may call unknown, as a dependency or by hand."""
    caller = context_of(request).caller
    assert caller is not None, "this route is listed as open, and asks who calls"
    return caller
