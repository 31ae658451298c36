"""GET /api/desk/answers: those that staff make better, newest first."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from gateway.api.dependencies import RouteLimits, StaffName
from gateway.storage.desk_answers import DeskAnswers, Filter


def desk_answers_router(answers: DeskAnswers, limits: RouteLimits) -> APIRouter:
    router = APIRouter(prefix="/api/desk")

    @router.get("/answers")
    @limits.limit
    def listing(
        request: Request,
        staff: StaffName,
        filter_: Annotated[Filter, Query(alias="filter")],
        days: Annotated[int, Query(ge=1, le=366)] = 30,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        before: Annotated[str, Query(max_length=64)] = "",
    ) -> dict[str, Any]:
        return answers.page(filter_, days, limit, before)

    return router
