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

# The same policy as nginx/snippets/security-headers.conf.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors "
)


class OneFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.path.is_file():
            raise NotFound("There is nothing here.")
        await FileResponse(self.path)(scope, receive, send)


class WithPolicy:
    """Security headers on everything the page is made of; `ancestors` may frame it."""

    def __init__(self, app: ASGIApp, ancestors: str = SELF) -> None:
        self.app = app
        self.headers = {
            "content-security-policy": POLICY + ancestors,
            "referrer-policy": "no-referrer",
            "cache-control": "no-cache",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(raw=message["headers"]).update(self.headers)
            await send(message)

        await self.app(scope, receive, send_with_policy)


def mount_page(app: FastAPI, folder: Path, origins: Origins) -> None:
    async def root() -> Response:
        return RedirectResponse("/chat.html", 302)

    app.add_api_route("/", root, include_in_schema=False)
    chat = OneFile(folder / "chat.html")
    for path, page in (
        ("/chat.html", WithPolicy(chat)),
        ("/embed.html", WithPolicy(chat, origins.frame_ancestors())),
        ("/embed.js", WithPolicy(OneFile(folder / "embed.js"))),
    ):
        app.router.routes.append(Route(path, compressed(page), methods=["GET", "HEAD"]))
    app.mount(
        "/assets", compressed(WithPolicy(StaticFiles(directory=folder / "assets"))), name="assets"
    )


def compressed(page: ASGIApp) -> ASGIApp:
    """As nginx does it: a third of the bytes over the wire."""
    return GZipMiddleware(page, minimum_size=512, compresslevel=5)
