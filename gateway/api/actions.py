"""/api/actions: the owner sees an action, and confirms or cancels it (contract, section 10)."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from gateway.actions.proposals import Actions
from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.openai.validation import StrictModel

MAX_REASON = 500  # characters


class ConfirmRequest(StrictModel):
    """No members: the arguments are those that were shown."""


class CancelRequest(StrictModel):
    reason: str | None = Field(None, max_length=MAX_REASON)


def actions_router(actions: Actions, limits: RouteLimits) -> APIRouter:
    router = APIRouter(prefix="/api/actions")

    @router.get("/{action_id}")
    @limits.limit
    def one(request: Request, action_id: str, caller: CurrentCaller) -> dict[str, Any]:
        return actions.of_owner(caller.owner, action_id)

    @router.post("/{action_id}/confirm")
    @limits.limit
    def confirm(
        request: Request, action_id: str, caller: CurrentCaller, body: ConfirmRequest | None = None
    ) -> dict[str, Any]:
        return actions.confirm(caller.owner, action_id)

    @router.post("/{action_id}/cancel")
    @limits.limit
    def cancel(
        request: Request, action_id: str, caller: CurrentCaller, body: CancelRequest | None = None
    ) -> dict[str, Any]:
        return actions.cancel(caller.owner, action_id, (body and body.reason) or "")

    return router
