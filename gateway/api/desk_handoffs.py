"""/api/desk/handoffs: staff take conversations over, answer and end them (contract, section 11)."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from anyio.from_thread import run as from_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from gateway.api.conversations import stream_pieces
from gateway.api.dependencies import RouteLimits, StaffName
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.handoffs.listing import Filter, HandoffLists
from gateway.handoffs.queue import Handoffs
from gateway.handoffs.states import Outcome
from gateway.openai.validation import StrictModel
from gateway.reports.reader_threads import Reports
from gateway.storage.desk_conversations import DeskConversations

MAX_TEXT = 8000  # characters of a message
MAX_NOTE = 2000

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class EmptyRequest(StrictModel):
    """No members."""


class MessageRequest(StrictModel):
    text: Text
    key: Key | None = None


class ResolveRequest(StrictModel):
    outcome: Outcome
    note: str | None = Field(None, max_length=MAX_NOTE)


def desk_handoffs_router(
    handoffs: Handoffs,
    lists: HandoffLists,
    conversations: DeskConversations,
    reports: Reports,
    answers: ResumableAnswers,
    limits: RouteLimits,
) -> APIRouter:
    router = APIRouter(prefix="/api/desk/handoffs")

    @router.get("")
    @limits.limit
    def listing(
        request: Request,
        staff: StaffName,
        status: Filter | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[str, Query(max_length=64)] = "",
    ) -> dict[str, Any]:
        return lists.page(staff, status, limit, before)

    @router.get("/{handoff_id}")
    async def one(request: Request, handoff_id: str, staff: StaffName) -> Response:
        await limits.charge(request)
        handoff = await run_in_threadpool(handoffs.get, handoff_id)
        conversation = reports.streamed(conversations.pieces(handoff["conversation_id"]))
        head = orjson.dumps(handoff)[:-1] + b',"conversation":'
        return await stream_pieces(enclosed(head, conversation, b"}"), "application/json")

    @router.post("/{handoff_id}/claim")
    @limits.limit
    def claim(
        request: Request, handoff_id: str, staff: StaffName, body: EmptyRequest | None = None
    ) -> dict[str, Any]:
        claimed, writing = handoffs.claim(staff, handoff_id)
        from_thread(answers.stop_all, writing, claimed)
        return claimed

    @router.post("/{handoff_id}/messages", status_code=201)
    @limits.limit
    def message(
        request: Request, handoff_id: str, body: MessageRequest, staff: StaffName
    ) -> dict[str, Any]:
        return handoffs.say(staff, handoff_id, body.text, body.key or "")

    @router.post("/{handoff_id}/release")
    @limits.limit
    def release(
        request: Request, handoff_id: str, staff: StaffName, body: EmptyRequest | None = None
    ) -> dict[str, Any]:
        return handoffs.release(staff, handoff_id)

    @router.post("/{handoff_id}/resolve")
    @limits.limit
    def resolve(
        request: Request, handoff_id: str, body: ResolveRequest, staff: StaffName
    ) -> dict[str, Any]:
        return handoffs.resolve(staff, handoff_id, body.outcome, body.note or "")

    return router


async def enclosed(head: bytes, pieces: AsyncIterator[bytes], tail: bytes) -> AsyncIterator[bytes]:
    """`pieces` between head and tail; an error of the first piece comes before anything."""
    first = await anext(pieces)
    yield head + first
    async for piece in pieces:
        yield piece
    yield tail
