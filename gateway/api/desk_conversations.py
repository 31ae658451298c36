"""/api/desk/conversations: staff find and read conversations of all owners."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from gateway.api.conversations import stream_pieces
from gateway.api.dependencies import RouteLimits, StaffName
from gateway.api.files import file_response
from gateway.reports.reader_threads import Reports
from gateway.storage.desk_conversations import DeskConversations, Filter


def desk_conversations_router(
    conversations: DeskConversations, reports: Reports, limits: RouteLimits
) -> APIRouter:
    router = APIRouter(prefix="/api/desk")

    @router.get("/conversations")
    @limits.limit
    def listing(
        request: Request,
        staff: StaffName,
        query: Annotated[str, Query(max_length=200)] = "",
        filter_: Annotated[Filter | None, Query(alias="filter")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[str, Query(max_length=64)] = "",
    ) -> dict[str, Any]:
        return conversations.page(query.strip(), filter_, limit, before)

    @router.get("/conversations/{conversation_id}")
    async def conversation(request: Request, conversation_id: str, staff: StaffName) -> Response:
        await limits.charge(request)
        pieces = reports.streamed(conversations.pieces(conversation_id))
        return await stream_pieces(pieces, "application/json")

    @router.get("/conversations/{conversation_id}/files/{file_id}/content")
    @limits.limit
    def content(request: Request, conversation_id: str, file_id: str, staff: StaffName) -> Response:
        return file_response(*conversations.file_pieces(conversation_id, file_id))

    return router
