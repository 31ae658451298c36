"""GET /desk.html, the page for staff, and GET /api/desk/me, the name that they act under.

Behind nginx, which has the file, the gateway only checks who asks: X-Accel-Redirect tells nginx to
send it.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.api.dependencies import CurrentCaller, RouteLimits, StaffName, staff_of
from gateway.api.static_page import Page, SecurityHeaders, compressed
from gateway.errors import NotFound
from gateway.server.request_context import context_of

PATH = "/desk.html"
NGINX_PATH = "/_pages/desk.html"  # an internal location of nginx/templates


class StaffPage:
    """The file in `folder`. Raises StaffOnly, RateLimitExceeded, and NotFound where neither the
    gateway nor an nginx in front of it has the file."""

    def __init__(self, folder: Path | None, charge: Callable[[Request], Awaitable[None]]) -> None:
        self.file = SecurityHeaders(Page(folder, "desk.html")) if folder else None
        self.charge = charge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await staff_of(request)
        await self.charge(request)
        if self.file is not None:
            await self.file(scope, receive, send)
        elif context_of(scope).through_proxy:
            headers = {"x-accel-redirect": NGINX_PATH}
            await Response(headers=headers, media_type="text/html")(scope, receive, send)
        else:
            raise NotFound("There is nothing here.")


def mount_desk_page(
    app: FastAPI, folder: Path | None, charge: Callable[[Request], Awaitable[None]]
) -> None:
    """`folder` is FRONTEND_DIR."""
    page = compressed(StaffPage(folder, charge))
    app.router.routes.append(Route(PATH, page, methods=["GET", "HEAD"]))


def desk_me_router(limits: RouteLimits) -> APIRouter:
    router = APIRouter(prefix="/api/desk")

    @router.get("/me")
    @limits.limit
    def me(request: Request, staff: StaffName, caller: CurrentCaller) -> dict[str, str]:
        sign_out = {"sign_out": "/auth/logout"} if caller.by_provider else {}
        return {"name": staff, **sign_out}

    return router
