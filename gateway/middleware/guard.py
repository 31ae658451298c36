"""Before any route: who may connect, what a changing request must look like, how large a body may be, how slow."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.context import context_of
from gateway.errors import (
    BodyTooLarge,
    GatewayError,
    InvalidRequest,
    IPNotAllowed,
    OriginNotAllowed,
    RequestTimeout,
    UnsupportedMediaType,
)
from gateway.identity.networks import within
from gateway.identity.origins import Origins
from gateway.settings import Network

HEALTH_ROUTES = frozenset(("/healthz", "/readyz"))
CHANGING = frozenset(("POST", "PUT", "PATCH", "DELETE"))
BODY_TYPES = frozenset(("application/json", "multipart/form-data"))
# Said twice, each of these means one thing to whoever looks at the first and another to whoever looks at the last.
SINGLE = frozenset((b"host", b"origin", b"authorization", b"content-type", b"content-encoding"))
# FastAPI reads a route's JSON on the event loop, where 64 MiB of it would hold every stream up. Chat completions read their own.
LARGE_JSON = frozenset(("/v1/chat/completions", "/api/chat"))
SMALL_JSON_BYTES = 256 * 1024
BODY_PAUSE_SECONDS = 15.0  # the longest silence in the middle of a body
BODY_BYTES_PER_SECOND = 16 * 1024  # slower than this over the whole body is a slow-loris


class Guard:
    def __init__(self, app: ASGIApp, allowed: tuple[Network, ...], origins: Origins, max_body: int) -> None:
        self.app = app
        self.allowed = allowed
        self.origins = origins
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        bound = self._bound(scope, headers)
        self._check(scope, headers, bound)
        await self.app(scope, self._bounded(receive, bound), send)

    def _bound(self, scope: Scope, headers: Headers) -> int:
        """Bytes of this request's body."""
        is_large = scope["path"] in LARGE_JSON or kind_of(headers) == "multipart/form-data"
        return self.max_body if is_large else min(self.max_body, SMALL_JSON_BYTES)

    def _check(self, scope: Scope, headers: Headers, bound: int) -> None:
        context = context_of(scope)
        if scope["path"] not in HEALTH_ROUTES and not within(context.address, self.allowed):
            raise IPNotAllowed("Your address is not in ALLOWED_IPS.")
        seen = set()
        for name, _ in headers.raw:
            if name in seen:
                raise InvalidRequest(f"The header {name.decode()} is there more than once.")
            if name in SINGLE:
                seen.add(name)
        if scope["method"] not in CHANGING:
            return
        origin = headers.get("origin")
        # Some requests that a page makes carry no Origin; the browser then still says whence they come.
        foreign = origin is None and headers.get("sec-fetch-site") == "cross-site"
        if foreign or (origin is not None and not self.origins.allows(origin, headers.get("host", ""), context.scheme)):
            raise OriginNotAllowed("Your page's origin is not in ALLOWED_ORIGINS.")
        self._check_body(headers, origin, bound)

    def _check_body(self, headers: Headers, origin: str | None, bound: int) -> None:
        kind = kind_of(headers)
        has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        # A program that builds its JSON by hand may leave the type out; a browser on another origin must not.
        if has_body and kind not in BODY_TYPES and (kind or origin is not None):
            raise UnsupportedMediaType(
                f"Content-Type is {kind or 'missing'}; send application/json or multipart/form-data."
            )
        coding, transfer = headers.get("content-encoding", "identity"), headers.get("transfer-encoding", "chunked")
        if coding.lower() != "identity" or transfer.strip().lower() != "chunked":
            raise UnsupportedMediaType("Bodies are taken as they are, without a content coding.")
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > bound:
            raise too_large(int(length), bound)

    def _bounded(self, receive: Receive, bound: int) -> Receive:
        """The body as it comes, within its bounds."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        received = 0
        complete = False

        async def bounded() -> Message:
            nonlocal received, complete
            if complete:
                return await receive()
            allowance = started + BODY_PAUSE_SECONDS + received / BODY_BYTES_PER_SECOND
            try:
                async with asyncio.timeout_at(allowance):
                    message = await receive()
            except TimeoutError:
                raise RequestTimeout(
                    f"The body came too slowly: {received} bytes in {loop.time() - started:.0f} s."
                ) from None
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > bound:
                raise too_large(received, bound)
            return message

        return bounded


def kind_of(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def too_large(size: int, bound: int) -> GatewayError:
    return BodyTooLarge(f"The body has {size} bytes or more; at most {bound} are taken here (MAX_BODY_BYTES).")
