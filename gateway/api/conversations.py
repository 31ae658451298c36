"""/api/conversations and /api/export: the owner's stored conversations.

Plain functions run in Starlette's threads. Searches, whole conversations and exports may read much,
so these routes are coroutines; they read in threads of their own (reports/reader_threads.py).
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from anyio.from_thread import run as from_thread
from fastapi import APIRouter, Query, Request
from pydantic import StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from gateway.actions.proposals import Actions
from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.openai.validation import StrictModel
from gateway.reports.reader_threads import Reports
from gateway.storage.conversations import MAX_TITLE, Conversations
from gateway.storage.file_store import FileStore

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE)]


class RenameRequest(StrictModel):
    title: Title


def conversations_router(
    conversations: Conversations,
    exports: Reports,
    files: FileStore,
    answers: ResumableAnswers,
    actions: Actions,
    limits: RouteLimits,
) -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/conversations")
    async def listing(
        request: Request,
        caller: CurrentCaller,
        query: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[str, Query(max_length=64)] = "",
    ) -> dict[str, Any]:
        await limits.charge(request)
        if query.strip():
            return await exports.search(caller.owner, query.strip(), limit, before)
        return await run_in_threadpool(conversations.page, caller.owner, "", limit, before)

    @router.get("/conversations/{conversation_id}")
    async def conversation(
        request: Request, conversation_id: str, caller: CurrentCaller
    ) -> Response:
        await limits.charge(request)
        pieces = exports.conversation(caller.owner, conversation_id)
        return await stream_pieces(pieces, "application/json")

    @router.patch("/conversations/{conversation_id}")
    @limits.limit
    def rename(
        request: Request, conversation_id: str, body: RenameRequest, caller: CurrentCaller
    ) -> dict[str, Any]:
        return conversations.rename(caller.owner, conversation_id, body.title)

    @router.delete("/conversations/{conversation_id}")
    @limits.limit
    def delete(request: Request, conversation_id: str, caller: CurrentCaller) -> dict[str, Any]:
        deleted = conversations.delete(caller.owner, conversation_id)
        from_thread(answers.stop_all, deleted.running_answers)
        actions.withdraw(caller.owner, conversation_id)
        files.delete_all(caller.owner, deleted.file_ids)
        return {"id": conversation_id, "object": "conversation", "deleted": True}

    @router.get("/export")
    async def export(request: Request, caller: CurrentCaller) -> Response:
        await limits.charge(request)
        response = await stream_pieces(exports.export(caller.owner), "application/x-ndjson")
        response.headers["content-disposition"] = (
            'attachment; filename="sightdesk-conversations.ndjson"'
        )
        return response

    return router


async def stream_pieces(pieces: AsyncIterator[bytes], media_type: str) -> Response:
    """A response of `pieces`. It waits for the first two: an error there still becomes a status,
    and a body of one piece gets a content-length."""
    first = await anext(pieces, b"")
    second = await anext(pieces, None)
    if second is None:
        return Response(first, media_type=media_type)
    return StreamingResponse(_chained(first, second, pieces), media_type=media_type)


async def _chained(first: bytes, second: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    yield second
    async for piece in rest:
        yield piece
