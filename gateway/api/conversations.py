"""Conversations, feedback, hand-overs, counts and export, under slowapi's one limit.

Plain functions run in Starlette's threads. What may read much (searches, whole conversations,
exports) is a coroutine, charged by hand, and reads in threads of its own
(gateway/storage/exports.py).
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from anyio.from_thread import run as from_thread
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from gateway.api.short_routes import Limit
from gateway.desk import Desk
from gateway.openai.validation import Exact
from gateway.server.request_context import Caller, caller_of
from gateway.storage.conversations import MAX_TITLE

MAX_REMARK = 2000


class Rename(Exact):
    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE)
    ]


class FeedbackRequest(Exact):
    answer: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    rating: Literal["up", "down"]
    reason: str | None = Field(None, max_length=MAX_REMARK)


class HandoffRequest(Exact):
    conversation_id: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    note: str | None = Field(None, max_length=MAX_REMARK)


def conversations_router(desk: Desk) -> APIRouter:
    router = APIRouter(prefix="/api")
    limit: Limit = desk.short_limits.shared_limit(desk.settings.rate_limit_api, scope="api")

    Owner = Annotated[Caller, Depends(caller_of)]

    @router.get("/conversations")
    async def listing(
        request: Request,
        caller: Owner,
        query: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[str, Query(max_length=64)] = "",
    ) -> dict[str, Any]:
        await desk.short_limits.charge(request)
        if query.strip():
            return await desk.reports.search(caller.owner, query.strip(), limit, before)
        return await run_in_threadpool(desk.conversations.page, caller.owner, "", limit, before)

    @router.get("/conversations/{conversation_id}")
    async def conversation(request: Request, conversation_id: str, caller: Owner) -> Response:
        await desk.short_limits.charge(request)
        pieces = desk.reports.conversation(caller.owner, conversation_id)
        return await _streamed(pieces, "application/json")

    @router.patch("/conversations/{conversation_id}")
    @limit
    def rename(
        request: Request, conversation_id: str, wanted: Rename, caller: Owner
    ) -> dict[str, Any]:
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
        is_new, reason = desk.ratings.rate(caller.owner, given.answer, given.rating, given.reason)
        if is_new:
            desk.metrics.feedback.labels(given.rating).inc()
        return {"answer": given.answer, "rating": given.rating, "reason": reason}

    @router.post("/handoff")
    @limit
    def handoff(request: Request, wanted: HandoffRequest, caller: Owner) -> dict[str, Any]:
        made = desk.handoffs.hand_over(caller.owner, wanted.conversation_id, wanted.note or "")
        desk.metrics.handoffs.inc()
        return made

    @router.get("/stats")
    @limit
    def stats(request: Request, caller: Owner) -> dict[str, Any]:
        return desk.stats.counts(caller.owner)

    @router.get("/export")
    async def export(request: Request, caller: Owner) -> Response:
        await desk.short_limits.charge(request)
        response = await _streamed(desk.reports.export(caller.owner), "application/x-ndjson")
        response.headers["content-disposition"] = (
            'attachment; filename="sightdesk-conversations.ndjson"'
        )
        return response

    return router


async def _streamed(pieces: AsyncIterator[bytes], media_type: str) -> Response:
    """The first two pieces are waited for: what fails there has a status, and what is one piece
    has a length.
    """
    first = await anext(pieces, b"")
    second = await anext(pieces, None)
    if second is None:
        return Response(first, media_type=media_type)
    return StreamingResponse(_joined(first, second, pieces), media_type=media_type)


async def _joined(first: bytes, second: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    yield second
    async for piece in rest:
        yield piece
