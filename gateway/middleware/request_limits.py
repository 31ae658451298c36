"""Refuses, before any route: addresses, foreign origins, wrong headers, large and slow bodies."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.auth.authenticator import STAFF_FOLDER, bearer_of
from gateway.auth.networks import within
from gateway.auth.origins import Origins
from gateway.errors import (
    BodyTooLarge,
    GatewayError,
    InvalidRequest,
    IPNotAllowed,
    OriginNotAllowed,
    RequestTimeout,
    UnsupportedMediaType,
)
from gateway.server.request_context import RequestContext, context_of
from gateway.setting_values import Network
from gateway.throttling.body_memory import BodyMemory

HEALTH_ROUTES = frozenset(("/healthz", "/readyz"))
CHANGING = frozenset(("POST", "PUT", "PATCH", "DELETE"))
BODY_TYPES = frozenset(("application/json", "multipart/form-data"))
# The provider of single sign-on sends a form, as its specification says.
FORMS = {"/auth/backchannel-logout": frozenset(("application/x-www-form-urlencoded",))}
# Sent twice, each of these could mean one thing here and another to a proxy.
SINGLE = frozenset((b"host", b"origin", b"authorization", b"content-type", b"content-encoding"))
# FastAPI parses a route's JSON on the event loop, where 64 MiB would stop every stream. These
# routes parse their own.
LARGE_JSON = frozenset(("/v1/chat/completions", "/api/chat"))
SMALL_JSON_BYTES = 256 * 1024
MAX_ORIGIN = 256  # characters of an origin that an error repeats
BODY_PAUSE_SECONDS = 15.0  # the longest silence in the middle of a body
BODY_BYTES_PER_SECOND = 16 * 1024  # over the whole body; less is a slow-loris attack


class RequestLimits:
    def __init__(
        self,
        app: ASGIApp,
        allowed: tuple[Network, ...],
        origins: Origins,
        body_memory: BodyMemory,
        max_body: int,
    ) -> None:
        self.app = app
        self.allowed = allowed
        self.origins = origins
        self.body_memory = body_memory
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        context = context_of(scope)
        bound = self._bound(scope, context.request_headers)
        self._check(scope, context.request_headers, bound)
        try:
            await self.app(scope, self._bounded(receive, bound, context), send)
        finally:
            self.body_memory.release(context)

    def _bound(self, scope: Scope, given: dict[str, str]) -> int:
        """Returns the most bytes that this request's body may have."""
        is_large = scope["path"] in LARGE_JSON or kind_of(given) == "multipart/form-data"
        return self.max_body if is_large else min(self.max_body, SMALL_JSON_BYTES)

    def _check(self, scope: Scope, given: dict[str, str], bound: int) -> None:
        context = context_of(scope)
        if scope["path"] not in HEALTH_ROUTES and not within(context.address, self.allowed):
            raise IPNotAllowed("Your address is not in ALLOWED_IPS.")
        if len(given) < len(scope["headers"]):
            names = [name for name, _ in scope["headers"]]
            if repeated := next(
                (name for name in names if name in SINGLE and names.count(name) > 1), None
            ):
                name = repeated.decode()
                raise InvalidRequest(
                    f"The header {name} is there more than once.", details={"name": name}
                )
        if scope["method"] not in CHANGING:
            return
        origin = given.get("origin")
        allows = self.origins.allows
        # A browser adds the password of staff by itself, also to what a page of a printer sends.
        if scope["path"].startswith(STAFF_FOLDER) and bearer_of(given) is None:
            allows = self.origins.names
        # Some requests of pages have no Origin. The browser tells their site in Sec-Fetch-Site.
        foreign = origin is None and "cross-site" in given.get("sec-fetch-site", "")
        if foreign or (
            origin is not None and not allows(origin, given.get("host", ""), context.scheme)
        ):
            raise OriginNotAllowed(
                "Your page's origin is not in ALLOWED_ORIGINS.",
                details={"origin": origin[:MAX_ORIGIN] if origin else None},
            )
        self._check_body(given, origin, bound, FORMS.get(scope["path"], BODY_TYPES))

    def _check_body(
        self, given: dict[str, str], origin: str | None, bound: int, types: frozenset[str]
    ) -> None:
        kind = kind_of(given)
        has_body = given.get("content-length", "0") != "0" or "transfer-encoding" in given
        # A program may leave the type out; a page may not: without a type it needs no preflight.
        if has_body and kind not in types and (kind or origin is not None):
            raise UnsupportedMediaType(
                f"Content-Type is {kind or 'missing'}; send {' or '.join(sorted(types))}.",
                details={"accepted": sorted(types)},
            )
        coding, transfer = (
            given.get("content-encoding", "identity"),
            given.get("transfer-encoding", "chunked"),
        )
        if coding.lower() != "identity" or transfer.strip().lower() != "chunked":
            raise UnsupportedMediaType(
                "Send the body without a content coding.", details={"accepted": ["identity"]}
            )
        length = given.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > bound:
            raise too_large(int(length), bound)

    def _bounded(self, receive: Receive, bound: int, context: RequestContext) -> Receive:
        """Returns `receive` with bounds on the body's size and pace and on all bodies' memory."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        deadline = started + BODY_PAUSE_SECONDS
        received = 0
        complete = False

        async def bounded() -> Message:
            nonlocal received, complete, deadline
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise RequestTimeout(
                    f"The body came too slowly: {received} bytes in {loop.time() - started:.0f} s.",
                    details={"limit": BODY_BYTES_PER_SECOND, "size": received},
                ) from None
            size = len(message.get("body", b""))
            received += size
            complete = not message.get("more_body", False)
            if not complete:  # a fast start buys no longer pause later
                now = loop.time()
                deadline = min(
                    max(deadline, now) + size / BODY_BYTES_PER_SECOND, now + BODY_PAUSE_SECONDS
                )
            if received > bound:
                raise too_large(received, bound)
            self.body_memory.hold(context, received)
            return message

        return bounded


def kind_of(given: dict[str, str]) -> str:
    return given.get("content-type", "").partition(";")[0].strip().lower()


def too_large(size: int, bound: int) -> GatewayError:
    return BodyTooLarge(
        f"The body has {size} bytes or more; at most {bound} are taken here (MAX_BODY_BYTES).",
        details={"limit": bound, "size": size},
    )
