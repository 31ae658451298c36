"""GET /api/stats: the owner's conversations, ratings and hand-overs, counted."""

from typing import Any

from fastapi import APIRouter, Request

from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.reports.own_counts import Stats


def stats_router(statistics: Stats, limits: RouteLimits) -> APIRouter:
    router = APIRouter()

    @router.get("/api/stats")
    @limits.limit
    def stats(request: Request, caller: CurrentCaller) -> dict[str, Any]:
        return statistics.counts(caller.owner)

    return router
