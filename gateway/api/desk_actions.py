"""/api/desk/actions and /api/desk/audit: actions for staff (contract, section 10)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field, StringConstraints

from gateway.actions.proposals import Actions
from gateway.actions.states import Status
from gateway.api.dependencies import RouteLimits, StaffName
from gateway.openai.validation import StrictModel
from gateway.reports.period import start_of

MAX_REASON = 500  # characters
MAX_ARGUMENTS = 64

Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REASON)
]
Limit = Annotated[int, Query(ge=1, le=500)]


class ApprovalRequest(StrictModel):
    arguments: dict[str, Any] | None = Field(None, max_length=MAX_ARGUMENTS)
    reason: str | None = Field(None, max_length=MAX_REASON)


class RejectionRequest(StrictModel):
    reason: Reason


class SettlementRequest(StrictModel):
    outcome: Literal["done", "failed"]
    note: Reason


def desk_actions_router(actions: Actions, limits: RouteLimits) -> APIRouter:
    router = APIRouter(prefix="/api/desk")

    @router.get("/actions")
    @limits.limit
    def listing(
        request: Request, staff: StaffName, status: Status | Literal[""] = "", limit: Limit = 100
    ) -> dict[str, Any]:
        return {"object": "list", "data": actions.listed(status or None, limit)}

    @router.get("/actions/{action_id}")
    @limits.limit
    def one(request: Request, action_id: str, staff: StaffName) -> dict[str, Any]:
        return actions.for_staff(action_id)

    @router.post("/actions/{action_id}/confirm")
    @limits.limit
    def confirm(
        request: Request, action_id: str, staff: StaffName, body: ApprovalRequest | None = None
    ) -> dict[str, Any]:
        arguments, reason = (body.arguments, body.reason) if body else (None, None)
        return actions.approve(staff, action_id, arguments, reason or "")

    @router.post("/actions/{action_id}/reject")
    @limits.limit
    def reject(
        request: Request, action_id: str, body: RejectionRequest, staff: StaffName
    ) -> dict[str, Any]:
        return actions.reject(staff, action_id, body.reason)

    @router.post("/actions/{action_id}/settle")
    @limits.limit
    def settle(
        request: Request, action_id: str, body: SettlementRequest, staff: StaffName
    ) -> dict[str, Any]:
        is_done = body.outcome == "done"
        return actions.settle(staff, action_id, is_done=is_done, note=body.note)

    @router.get("/audit")
    @limits.limit
    def audit(
        request: Request,
        staff: StaffName,
        action: Annotated[str, Query(max_length=64)] = "",
        since: Annotated[str, Query(alias="from", max_length=40)] = "",
        limit: Limit = 100,
    ) -> list[dict[str, Any]]:
        start = start_of(since, "from") // 1000
        return actions.audit(action or None, start, limit)

    return router
