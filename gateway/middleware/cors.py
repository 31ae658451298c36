"""CORS by ALLOWED_ORIGINS, in the contract's words."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from gateway.errors import OriginNotAllowed
from gateway.identity.origins import Origins
from gateway.middleware.errors import render

METHODS = ("GET", "POST", "PATCH", "DELETE")
REQUEST_HEADERS = ("authorization", "content-type", "x-request-id", "x-session-id", "x-sightdesk-extras")
RESPONSE_HEADERS = (
    "x-request-id", "retry-after", "server-timing", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
)  # fmt: skip


class CORS(CORSMiddleware):
    """Starlette's, with ALLOWED_ORIGINS as the judge. No credentials: other origins come with a token."""

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        super().__init__(
            app, allow_origins=(), allow_methods=METHODS, allow_headers=REQUEST_HEADERS, expose_headers=RESPONSE_HEADERS
        )
        self._origins = origins

    def is_allowed_origin(self, origin: str) -> bool:
        return self._origins.allows(origin)

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        refusal = render(
            OriginNotAllowed("A page of that origin may not call here, or not with this method or these headers.")
        )
        refusal.headers["vary"] = "Origin"
        return refusal
