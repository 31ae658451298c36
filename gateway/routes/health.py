"""GET /healthz, /readyz and /metrics."""

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from gateway.config import engine_state
from gateway.context import context_of
from gateway.desk import Desk
from gateway.errors import IPNotAllowed
from gateway.identity.networks import parse_address
from gateway.metrics import CONTENT_TYPE


def health_router(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """This process lives."""
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> Response:
        """200 while something answers questions: an engine, or the fallback."""
        state = engine_state(desk)
        body = {
            "status": "ready" if state["phase"] != "unavailable" else "not ready",
            "engine": state,
            "upstreams": {upstream.name: bool(upstream.up) for upstream in desk.upstreams},
            "knowledge": {
                "clauses": len(desk.library.clauses),
                "problems": [f"{problem.path}: {problem.message}" for problem in desk.library.problems],
            },
        }
        ready = state["phase"] != "unavailable"
        return JSONResponse(body, 200 if ready else 503, headers={} if ready else {"retry-after": "2"})

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        """Prometheus metrics, for private networks only."""
        address = parse_address(context_of(request).address)
        if address is None or not address.is_private:
            raise IPNotAllowed("Metrics are for private networks.")
        return Response(await asyncio.to_thread(desk.metrics.render), media_type=CONTENT_TYPE)

    return router
