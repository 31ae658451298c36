"""The page itself, where no nginx serves it: `make demo`.

The pages name their assets as /assets/<digest>/…, which browsers keep (nginx/entrypoint/36-page.sh
does the same). /assets/… without a digest is asked for each time.
"""

import contextlib
import hashlib
import os
import re
from pathlib import Path

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
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
LIFETIME = "public, max-age=31536000, immutable"
DIGEST = re.compile(r"[0-9a-f]{16}")


def digest_of(folder: Path) -> str:
    """16 hex digits of the names, sizes and times of all files below `folder`. Made anew for each
    request, so that a file may be edited while the gateway runs."""
    told = hashlib.sha256()
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = f"{place}/{name}"
            with contextlib.suppress(FileNotFoundError):  # removed at this moment
                seen = os.stat(path)
                told.update(f"{path}\0{seen.st_size}\0{seen.st_mtime_ns}\0".encode())
    return told.hexdigest()[:16]


class StaticFile:
    """One file. Raises NotFound where it is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.path.is_file():
            raise NotFound("There is nothing here.")
        await FileResponse(self.path)(scope, receive, send)


class Page:
    """One HTML file of `folder`, with the digest in the paths of its assets. Raises NotFound where
    it is missing."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.path = folder / name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.path.is_file():
            raise NotFound("There is nothing here.")
        await HTMLResponse(await run_in_threadpool(self.text))(scope, receive, send)

    def text(self) -> str:
        assets = f'="/assets/{digest_of(self.folder)}/'
        return self.path.read_text("utf-8").replace('="/assets/', assets)


class Assets(StaticFiles):
    """`folder`/assets. A digest that is not the present one gets the present file, which browsers
    do not keep: the tab may have been open while the files changed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder / "assets")
        self.folder = folder

    async def get_response(self, path: str, scope: Scope) -> Response:
        digest, _, rest = path.partition("/")
        if not DIGEST.fullmatch(digest):
            return await super().get_response(path, scope)
        response = await super().get_response(rest, scope)
        if digest == await run_in_threadpool(digest_of, self.folder):
            response.headers["cache-control"] = LIFETIME
        return response


class SecurityHeaders:
    """Adds the page's security headers, and `no-cache` where the response says nothing else.
    `ancestors` may frame it (a CSP source list)."""

    def __init__(self, app: ASGIApp, ancestors: str = SELF) -> None:
        self.app = app
        self.headers = {
            "content-security-policy": POLICY + ancestors,
            "referrer-policy": "no-referrer",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers.update(self.headers)
                headers.setdefault("cache-control", "no-cache")
            await send(message)

        await self.app(scope, receive, send_with_headers)


def mount_page(app: FastAPI, folder: Path, origins: Origins) -> None:
    """Serves `folder` (FRONTEND_DIR). Only embed.html may be framed by other origins."""

    async def root() -> Response:
        return RedirectResponse("/chat.html", 302)

    app.add_api_route("/", root, include_in_schema=False)
    chat = Page(folder, "chat.html")
    for path, page in (
        ("/chat.html", SecurityHeaders(chat)),
        ("/embed.html", SecurityHeaders(chat, origins.frame_ancestors())),
        ("/embed.js", SecurityHeaders(StaticFile(folder / "embed.js"))),
    ):
        app.router.routes.append(Route(path, compressed(page), methods=["GET", "HEAD"]))
    app.mount("/assets", compressed(SecurityHeaders(Assets(folder))), name="assets")


def compressed(page: ASGIApp) -> ASGIApp:
    """Compresses as nginx does: a third of the bytes."""
    return GZipMiddleware(page, minimum_size=512, compresslevel=5)
