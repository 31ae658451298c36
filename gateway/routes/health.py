"""GET /healthz, /readyz and /metrics."""

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from gateway.config import engine_state
from gateway.context import context_of
from gateway.desk import Desk
from gateway.errors import IPNotAllowed
from gateway.identity.networks import is_private
from gateway.metrics import CONTENT_TYPE


def from_private(request: Request) -> bool:
    return is_private(context_of(request.scope).address)


def health_router(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """This process lives."""
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz(request: Request) -> Response:
        """200 while something answers questions: an engine, or the fallback."""
        state = engine_state(desk)
        answering = state["ready"] or state["fallback"]
        startup = desk.startup.read()
        shelf = desk.library.shelf
        ours = from_private(request)  # for those who run the desk: folders, files and cards by name
        if startup is not None and startup.detail and not state["ready"] and ours:
            state |= {"detail": startup.detail, "since": startup.since}
        body: dict[str, Any] = {
            "status": "ready" if answering else "not ready",
            "engine": state,
            "upstreams": {upstream.name: bool(upstream.up) for upstream in desk.upstreams},
            "knowledge": {
                "clauses": len(shelf.index.clauses),
                "problems": [
                    f"{problem.path}: {problem.message}" if ours else Path(problem.path).name
                    for problem in shelf.problems
                ],
            },
        }
        body["tasks"] = {
            name: {"state": task.state, "restarts": task.restarts} | ({"reason": task.reason} if ours else {})
            for name, task in desk.supervisor.tasks.items()
        }
        if ours:
            problems = (desk.authenticator.keys.problem, desk.startup.problem)
            body["files"] = [problem for problem in problems if problem]
        return JSONResponse(body, 200 if answering else 503, headers={} if answering else {"retry-after": "2"})

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        """Prometheus metrics, for private networks only."""
        if not from_private(request):
            raise IPNotAllowed("Metrics are for private networks.")
        return Response(await asyncio.to_thread(desk.metrics.render), media_type=CONTENT_TYPE)

    return router
