"""DELETE /api/desk/users/{name}: erases what is stored of a person, for staff."""

from typing import Annotated, Any

from anyio.from_thread import run as from_thread
from fastapi import APIRouter, Path, Request

from gateway.api.dependencies import RouteLimits, StaffName
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.reports.erasure import Erasure

MAX_NAME = 256  # characters; an embed token's subject has at most so many


def desk_users_router(
    erasure: Erasure, answers: ResumableAnswers, limits: RouteLimits
) -> APIRouter:
    router = APIRouter(prefix="/api/desk")

    @router.delete("/users/{name:path}")
    @limits.limit
    def erase(
        request: Request,
        name: Annotated[str, Path(min_length=1, max_length=MAX_NAME)],
        staff: StaffName,
    ) -> dict[str, Any]:
        erased = erasure.erase(name, staff)
        from_thread(answers.stop_all, erased.running_answers)
        return erased.receipt

    return router
