"""The layers that every request passes. Behind them chat completions go straight to their endpoint,
everything else through FastAPI (docs/decisions/006-the-short-way.md)."""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.openapi import completed
from gateway.server.request_context import IS_HEAD


class Gateway(FastAPI):
    """FastAPI behind `entrance`, the gateway's own layers. `before_stop` ends what would hold up a
    stop: the server calls it before it waits for the responses that run."""

    entrance: ASGIApp
    before_stop: Callable[[], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["app"] = self
            if scope["method"] == "HEAD":
                # Answered like GET (RFC 9110, section 9.3.2); the server leaves the body out.
                scope = {**scope, "method": "GET", IS_HEAD: True}
            await self.entrance(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema

    def has_route(self, scope: Scope) -> bool:
        """Whether a route has the path and the method."""
        return any(route.matches(dict(scope))[0] is Match.FULL for route in self.router.routes)

    async def by_fastapi(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)


class ShortWay:
    """Calls the endpoint of one of `routes` on POST, past FastAPI.

    These endpoints take a Request and nothing else, so FastAPI would have nothing to add.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[APIRoute]) -> None:
        self.app = app
        self.short = {route.path: route for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self.short.get(scope["path"]) if scope["method"] == "POST" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        response: Response = await route.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def through(layers: Iterable[Middleware], app: ASGIApp) -> ASGIApp:
    """Returns `app` inside `layers`, the outermost first."""
    for layer in reversed(list(layers)):
        app = layer.cls(app, *layer.args, **layer.kwargs)
    return app
