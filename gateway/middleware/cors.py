"""CORS by ALLOWED_ORIGINS."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.auth.origins import Origins
from gateway.errors import OriginNotAllowed
from gateway.middleware.errors import render
from gateway.middleware.request_limits import MAX_ORIGIN
from gateway.server.request_context import context_of

METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE")
EXPOSED = (
    b"x-request-id, retry-after, server-timing, x-ratelimit-limit-requests, "
    b"x-ratelimit-remaining-requests, x-ratelimit-reset-requests"
)


class CORS(CORSMiddleware):
    """Starlette's CORS middleware with ALLOWED_ORIGINS. No credentials: other origins use a token.

    An allowed page may send any header. SDKs add their own, such as `x-stainless-os`, and no
    header is trusted for its name. Browsers ask extra for a page of another network
    (`Access-Control-Request-Private-Network`): an allowed origin is allowed there too.
    """

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        super().__init__(
            app,
            allow_origins=(),
            allow_methods=METHODS,
            allow_headers=("*",),
            allow_private_network=True,
        )
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        context = context_of(scope)
        origin = context.request_headers.get("origin")
        if (
            origin is not None
            and scope["method"] == "OPTIONS"
            and "access-control-request-method" in context.request_headers
        ):
            await self.preflight_response(Headers(scope=scope))(scope, receive, send)
            return
        # The context's headers go into every response.
        context.response.add(b"vary", b"Origin")
        if origin is not None and self.is_allowed_origin(origin):
            context.response.add(b"access-control-allow-origin", origin.encode("latin-1"))
            context.response.add(b"access-control-expose-headers", EXPOSED)
        await self.app(scope, receive, send)

    def is_allowed_origin(self, origin: str) -> bool:
        return self._origins.allows(origin)

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        refusal = render(
            OriginNotAllowed(
                "That origin is not in ALLOWED_ORIGINS, or the method is not allowed here.",
                details={
                    "origin": request_headers["origin"][:MAX_ORIGIN],
                    "allowed": list(METHODS),
                },
            )
        )
        refusal.headers["vary"] = "Origin"
        return refusal
