"""The page itself, where no nginx serves it: `make demo`."""

from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.auth.origins import SELF, Origins
from gateway.errors import NotFound

# The same policy as in nginx/snippets/security-headers.conf.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors "
)


class StaticFile:
    """One file. Raises NotFound where it is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.path.is_file():
            raise NotFound("There is nothing here.")
        await FileResponse(self.path)(scope, receive, send)


class SecurityHeaders:
    """Adds the page's security headers; `ancestors` may frame it (a CSP source list)."""

    def __init__(self, app: ASGIApp, ancestors: str = SELF) -> None:
        self.app = app
        self.headers = {
            "content-security-policy": POLICY + ancestors,
            "referrer-policy": "no-referrer",
            "cache-control": "no-cache",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(raw=message["headers"]).update(self.headers)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def mount_page(app: FastAPI, folder: Path, origins: Origins) -> None:
    """Serves `folder` (FRONTEND_DIR). Only embed.html may be framed by other origins."""

    async def root() -> Response:
        return RedirectResponse("/chat.html", 302)

    app.add_api_route("/", root, include_in_schema=False)
    chat = StaticFile(folder / "chat.html")
    for path, page in (
        ("/chat.html", SecurityHeaders(chat)),
        ("/embed.html", SecurityHeaders(chat, origins.frame_ancestors())),
        ("/embed.js", SecurityHeaders(StaticFile(folder / "embed.js"))),
    ):
        app.router.routes.append(Route(path, compressed(page), methods=["GET", "HEAD"]))
    assets = SecurityHeaders(StaticFiles(directory=folder / "assets"))
    app.mount("/assets", compressed(assets), name="assets")


def compressed(page: ASGIApp) -> ASGIApp:
    """Compresses as nginx does: a third of the bytes."""
    return GZipMiddleware(page, minimum_size=512, compresslevel=5)
