"""GET /api/conversations/{id}/events: what happens in a conversation, live, as server-sent events.

Each event has its number as `id`. A page that comes back with `Last-Event-ID` gets what it missed.
"""

import asyncio
from contextlib import aclosing, suppress

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.api.chat_response import deliver, run_while_connected
from gateway.api.dependencies import CurrentCaller, RouteLimits
from gateway.chat.conversation_streams import MAX_SECONDS, ConversationStreams, Stream
from gateway.chat.sse_response import SSEResponse
from gateway.server.request_context import IS_HEAD, RequestContext, context_of
from gateway.storage.event_log import Told

RETRY_MS = 2000  # after which a browser's EventSource comes back
MAX_DIGITS = 18
RESET = b"event: reset\ndata: {}\n\n"


def conversation_events_router(streams: ConversationStreams, limits: RouteLimits) -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/conversations/{conversation_id}/events")
    async def events(request: Request, conversation_id: str, caller: CurrentCaller) -> Response:
        await limits.charge(request)
        after = last_event_id(request.headers.get("last-event-id", ""))
        stream, missed = await streams.open(caller.owner, conversation_id, after)
        if request.scope.get(IS_HEAD):
            streams.close(stream)
            stream.end()
        return LiveResponse(streams, stream, missed, context_of(request.scope))

    return router


def last_event_id(header: str) -> int | None:
    """None for a page that comes for the first time, or sends something else."""
    is_number = header.isascii() and header.isdecimal() and len(header) <= MAX_DIGITS
    return int(header) if is_number else None


class LiveResponse(Response):
    """Sends the stream until the client leaves, or after MAX_SECONDS. Where `missed` is None, the
    event `reset` says that the client must read its lists again."""

    def __init__(
        self,
        streams: ConversationStreams,
        stream: Stream,
        missed: list[Told] | None,
        context: RequestContext,
    ) -> None:
        self.streams = streams
        self.stream = stream
        self.missed = missed
        self.context = context
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await run_while_connected(self.context.connection, self.answer())
        finally:
            self.streams.close(self.stream)

    async def answer(self) -> None:
        response = SSEResponse(self.context, wants_extras=True)
        await deliver(response, self._send_into(response))

    async def _send_into(self, response: SSEResponse) -> None:
        # The first block has no data: it tells where the stream begins, and is no event.
        start = self.missed[0].number - 1 if self.missed else self.stream.last
        head = b"retry: %d\nid: %d\n\n" % (RETRY_MS, start)
        await response.send(head + RESET if self.missed is None else head)
        for event in self.missed or ():  # one by one: a slow reader holds no copy of them all
            await response.send(encoded(event))
        self.missed = None
        with suppress(TimeoutError):
            async with asyncio.timeout(MAX_SECONDS), aclosing(self.stream.read()) as events:
                async for event in events:
                    await response.send(encoded(event))


def encoded(event: Told) -> bytes:
    """JSON has no line breaks, and types are our own words."""
    data = orjson.dumps(event.data)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.number, event.type.encode(), data)
