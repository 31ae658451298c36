"""POST /api/handoff: asks for a person to take over a conversation."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.observability.metrics import Metrics
from gateway.openai.validation import StrictModel
from gateway.storage.handoffs import Handoffs

MAX_NOTE = 2000  # characters


class HandoffRequest(StrictModel):
    conversation_id: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    note: str | None = Field(None, max_length=MAX_NOTE)


def handoffs_router(handoffs: Handoffs, metrics: Metrics, limits: RouteLimits) -> APIRouter:
    router = APIRouter()

    @router.post("/api/handoff")
    @limits.limit
    def handoff(request: Request, body: HandoffRequest, caller: CurrentCaller) -> dict[str, Any]:
        created = handoffs.hand_over(caller.owner, body.conversation_id, body.note or "")
        metrics.handoffs.inc()
        return created

    return router
