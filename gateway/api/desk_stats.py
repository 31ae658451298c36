"""GET /api/desk/stats: every figure of a period, for staff (docs/records.md)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from gateway.api.dependencies import RouteLimits, StaffName
from gateway.connectors.folder import ConnectorFolder
from gateway.reports.figures import Figures
from gateway.reports.period import period_of
from gateway.reports.question_groups import QuestionGroups
from gateway.reports.unanswered import MOST
from gateway.storage.clause_corrections import ClauseCorrections
from gateway.storage.turns import now

Moment = Annotated[str, Query(max_length=40)]


def desk_stats_router(
    figures: Figures,
    groups: QuestionGroups,
    corrections: ClauseCorrections,
    connectors: ConnectorFolder,
    limits: RouteLimits,
) -> APIRouter:
    router = APIRouter(prefix="/api/desk")

    @router.get("/stats")
    async def stats(
        request: Request,
        staff: StaffName,
        start: Annotated[str, Query(alias="from", max_length=40)] = "",
        to: Moment = "",
        zone: Annotated[str, Query(max_length=64)] = "",
    ) -> dict[str, Any]:
        await limits.charge(request)
        period = period_of(start, to, zone, now())
        found = await run_in_threadpool(figures.read, period)
        grouped = await groups.grouped(found.unanswered)
        made = await run_in_threadpool(corrections.of_groups, grouped["groups"])
        for group, ids in zip(grouped["groups"], made, strict=True):
            group["corrections"] = ids
        total = found.figures["without_clause"]["questions"]
        is_partial = total > MOST or len(found.unanswered) == MOST > total
        told = {"questions": total, "is_partial": is_partial, **grouped}
        titles = connectors.titles()
        return {**found.figures, "without_clause": told, "tool_titles": titles}

    return router
