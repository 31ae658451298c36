"""GET /healthz, /readyz and /metrics."""

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from gateway.api.page_config import engine_state
from gateway.auth.networks import host_name, is_forwarded, is_local_host, is_private
from gateway.auth.origins import Origins
from gateway.desk import Desk
from gateway.errors import IPNotAllowed
from gateway.observability.metrics import CONTENT_TYPE
from gateway.server.request_context import context_of

# Names under which containers reach the gateway: its Compose service, and Docker's name for the host.
SERVICE_NAMES = frozenset(("gateway", "host.docker.internal"))


def is_operator(request: Request, origins: Origins) -> bool:
    """Whether this comes from a private network, under a name that is known and by no way that is not. A page on the internet can
    make its own name mean this machine's address (DNS rebinding); the browser beside us then asks us by that name."""
    context = context_of(request.scope)
    host = context.given.get("host", "")
    known = is_local_host(host) or host_name(host) in SERVICE_NAMES or origins.has_host(host)
    direct = context.through_proxy or not is_forwarded(context.given)
    return known and direct and is_private(context.address)


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
        ours = is_operator(
            request, desk.origins
        )  # for those who run the desk: folders, files and cards by name
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
            name: {"state": task.state, "restarts": task.restarts}
            | ({"reason": task.reason} if ours else {})
            for name, task in desk.supervisor.tasks.items()
        }
        if ours:
            problems = (desk.authenticator.keys.problem, desk.startup.problem)
            body["files"] = [problem for problem in problems if problem]
        return JSONResponse(
            body, 200 if answering else 503, headers={} if answering else {"retry-after": "2"}
        )

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        """Prometheus metrics, for private networks only."""
        if not is_operator(request, desk.origins):
            raise IPNotAllowed(
                "Metrics are for private networks, under a local name or one of ALLOWED_ORIGINS, without forwarding headers."
            )
        return Response(await asyncio.to_thread(desk.metrics.render), media_type=CONTENT_TYPE)

    return router
