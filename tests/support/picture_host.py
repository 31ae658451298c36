"""A server of pictures that redirects and overflows on request.

The body of each picture names the Host header of its request.
"""

import os

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route


async def picture(request: Request) -> Response:
    return Response(request.headers["host"].partition(":")[0], media_type="image/png")


async def redirect(request: Request) -> Response:
    left = int(request.path_params["left"])
    return RedirectResponse(f"/redirect/{left - 1}" if left > 1 else "/picture")


async def inside(_: Request) -> Response:
    return RedirectResponse("http://inside.example/picture")


async def nowhere(_: Request) -> Response:
    return Response(status_code=302)


async def unchanged(_: Request) -> Response:
    return Response(status_code=304)


async def large(_: Request) -> Response:
    return Response(b"x" * 5000)


async def headers(request: Request) -> Response:
    response = JSONResponse(dict(request.headers))
    response.set_cookie("track", "me")
    return response


async def peer(request: Request) -> Response:
    assert request.client is not None
    return JSONResponse(request.client.port)


async def healthz(_: Request) -> Response:
    return Response()


routes = [
    Route("/picture", picture),
    Route("/redirect/{left}", redirect),
    Route("/inside", inside),
    Route("/nowhere", nowhere),
    Route("/unchanged", unchanged),
    Route("/large", large),
    Route("/headers", headers),
    Route("/peer", peer),
    Route("/healthz", healthz),
]

if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=routes),
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        log_level="critical",
    )
