"""POST /api/handoff: asks for a person to take over a conversation."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.handoffs.queue import Handoffs
from gateway.openai.validation import StrictModel

MAX_NOTE = 2000  # characters
MAX_CONTACT = 200
Contact = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_CONTACT)]


class HandoffRequest(StrictModel):
    conversation_id: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    note: str | None = Field(None, max_length=MAX_NOTE)
    contact: Contact | None = None


def handoffs_router(handoffs: Handoffs, limits: RouteLimits) -> APIRouter:
    router = APIRouter()

    @router.post("/api/handoff", status_code=201)
    @limits.limit
    def handoff(
        request: Request, response: Response, body: HandoffRequest, caller: CurrentCaller
    ) -> dict[str, Any]:
        told, is_new = handoffs.hand_over(
            caller.owner, body.conversation_id, body.note or "", body.contact or ""
        )
        if not is_new:
            response.status_code = 200
        return told

    return router
