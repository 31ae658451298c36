"""Conversations, feedback, hand-overs, counts and export. Plain functions, run in threads, under slowapi's one limit."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import orjson
from anyio.from_thread import run as from_thread
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response, StreamingResponse

from gateway.chat.shape import Exact
from gateway.context import Caller, caller_of
from gateway.desk import Desk
from gateway.routes.short import Limit
from gateway.store.conversations import MAX_TITLE

MAX_REMARK = 2000


class Rename(Exact):
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE)]


class FeedbackRequest(Exact):
    answer: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    rating: Literal["up", "down"]
    reason: str | None = Field(None, max_length=MAX_REMARK)


class HandoffRequest(Exact):
    conversation_id: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    note: str | None = Field(None, max_length=MAX_REMARK)


def conversations_router(desk: Desk) -> APIRouter:
    router = APIRouter(prefix="/api")
    limit: Limit = desk.short_limiter.shared_limit(desk.settings.rate_limit_api, scope="api")

    Owner = Annotated[Caller, Depends(caller_of)]

    @router.get("/conversations")
    @limit
    def listing(
        request: Request,
        caller: Owner,
        query: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[str, Query(max_length=64)] = "",
    ) -> dict[str, Any]:
        return desk.conversations.page(caller.owner, query.strip(), limit, before)

    @router.get("/conversations/{conversation_id}")
    @limit
    def conversation(request: Request, conversation_id: str, caller: Owner) -> Response:
        whole = desk.conversations.one(caller.owner, conversation_id)
        # A thousand turns with their readings are megabytes, which FastAPI's own encoder would walk through.
        return Response(orjson.dumps(whole), media_type="application/json")

    @router.patch("/conversations/{conversation_id}")
    @limit
    def rename(request: Request, conversation_id: str, wanted: Rename, caller: Owner) -> dict[str, Any]:
        return desk.conversations.rename(caller.owner, conversation_id, wanted.title)

    @router.delete("/conversations/{conversation_id}")
    @limit
    def delete(request: Request, conversation_id: str, caller: Owner) -> dict[str, Any]:
        deleted = desk.conversations.delete(caller.owner, conversation_id)
        from_thread(desk.answers.stop_all, deleted.running_answers)
        desk.files.delete_all(caller.owner, deleted.file_ids)
        return {"id": conversation_id, "object": "conversation", "deleted": True}

    @router.post("/feedback")
    @limit
    def feedback(request: Request, given: FeedbackRequest, caller: Owner) -> dict[str, Any]:
        is_new, reason = desk.verdicts.rate(caller.owner, given.answer, given.rating, given.reason)
        if is_new:
            desk.metrics.feedback.labels(given.rating).inc()
        return {"answer": given.answer, "rating": given.rating, "reason": reason}

    @router.post("/handoff")
    @limit
    def handoff(request: Request, wanted: HandoffRequest, caller: Owner) -> dict[str, Any]:
        made = desk.verdicts.hand_over(caller.owner, wanted.conversation_id, wanted.note or "")
        desk.metrics.handoffs.inc()
        return made

    @router.get("/stats")
    @limit
    def stats(request: Request, caller: Owner) -> dict[str, Any]:
        return desk.verdicts.counts(caller.owner)

    @router.get("/export")
    @limit
    def export(request: Request, caller: Owner) -> StreamingResponse:
        headers = {"content-disposition": 'attachment; filename="sightdesk-conversations.ndjson"'}
        lines = _lines(desk, caller.owner)
        return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)

    return router


def _lines(desk: Desk, owner: str) -> Iterator[bytes]:
    for conversation in desk.conversations.every(owner):
        yield orjson.dumps(conversation) + b"\n"
