"""POST /api/feedback: a rating of one answer, with an optional reason."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.observability.metrics import Metrics
from gateway.openai.validation import StrictModel
from gateway.storage.feedback import Ratings

MAX_REASON = 2000  # characters


class FeedbackRequest(StrictModel):
    answer: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    rating: Literal["up", "down"]
    reason: str | None = Field(None, max_length=MAX_REASON)


def feedback_router(feedback: Ratings, metrics: Metrics, limits: RouteLimits) -> APIRouter:
    router = APIRouter()

    @router.post("/api/feedback")
    @limits.limit
    def rate(request: Request, body: FeedbackRequest, caller: CurrentCaller) -> dict[str, Any]:
        is_new, reason = feedback.rate(caller.owner, body.answer, body.rating, body.reason)
        if is_new:
            metrics.feedback.labels(body.rating).inc()
        return {"answer": body.answer, "rating": body.rating, "reason": reason}

    return router
