"""GET /api/desk/events: what happens in all conversations, live, for staff."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api.conversation_events import LiveResponse, last_event_id
from gateway.api.dependencies import RouteLimits, StaffName
from gateway.chat.conversation_streams import ConversationStreams
from gateway.server.request_context import IS_HEAD, context_of


def desk_events_router(streams: ConversationStreams, limits: RouteLimits) -> APIRouter:
    router = APIRouter(prefix="/api/desk")

    @router.get("/events")
    async def events(request: Request, staff: StaffName) -> Response:
        await limits.charge(request)
        after = last_event_id(request.headers.get("last-event-id", ""))
        stream, missed = await streams.open_desk(f"staff:{staff}", after)
        if request.scope.get(IS_HEAD):
            streams.close(stream)
            stream.end()
        return LiveResponse(streams, stream, missed, context_of(request.scope))

    return router
