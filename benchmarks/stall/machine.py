"""A server that does nothing. A probe of it measures the machine's own delay."""

import os

from aiohttp import web


async def nothing(_: web.Request) -> web.Response:
    return web.Response(text="{}")


if __name__ == "__main__":
    app = web.Application()
    app.router.add_get("/", nothing)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
