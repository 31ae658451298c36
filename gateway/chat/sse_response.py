"""A stream of server-sent events to one client. The response starts with its first event: what
fails before it still gets its own status."""

import asyncio
from collections.abc import Awaitable

from gateway.chat.openai_stream import KEEP_ALIVE, error_event
from gateway.errors import GatewayError
from gateway.server.later import Later
from gateway.server.request_context import RequestContext

KEEP_ALIVE_SECONDS = 10.0
STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]
JSON_HEADERS = [(b"content-type", b"application/json")]


class SSEResponse:
    """Server-sent events, with comments while there are none. `wants_extras`: an error event also
    says when to come back."""

    __slots__ = (
        *("_context", "_last", "_loop", "_speaking", "_time", "_timer", "_wants_extras"),
        *("connection", "ended", "started"),
    )

    def __init__(self, context: RequestContext, *, wants_extras: bool = False) -> None:
        self._context = context
        self.connection = context.connection
        self._wants_extras = wants_extras
        self.started = self.ended = False
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time
        self._last = self._time()  # when something was last sent
        self._speaking: asyncio.Task[None] | None = None  # a comment on its way
        self._timer: asyncio.TimerHandle | None = None

    async def send(self, events: bytes) -> None:
        if held := self.push(events):
            await held

    def push(self, events: bytes, *, last: bool = False) -> Awaitable[None] | None:
        self._last = self._time()
        if not self.started:
            self.started = True
            return Later(self._begin, events, last)
        if not last:
            return self.connection.write(events)
        self.silence()
        return Later(self._end, events)

    async def _begin(self, events: bytes, last: bool) -> None:
        await self.connection.begin([*STREAM_HEADERS, *self._context.response.start(200)], events)
        if last:
            await self.end()

    async def fail(self, error: GatewayError, *, is_fault: bool = True) -> None:
        """Sends `error` as the last event of a stream that has begun and is not over. `is_fault`:
        it counts as a failed answer.

        Before the stream begins an error belongs to the error handler.
        """
        if not self.ended:
            self._context.response.failed_late = is_fault
            await self.send(error_event(error, wants_extras=self._wants_extras))

    async def end(self) -> None:
        """Ends the response where it has not ended with its last events."""
        if not self.ended:
            self.silence()
            await self._end(b"")

    async def _end(self, events: bytes) -> None:
        await self.connection.end(events)
        self.ended = True

    def keep_alive(self) -> None:
        """From now on sends a comment after each KEEP_ALIVE_SECONDS of silence."""
        silent = self._time() - max(self._last, self.connection.wrote_at)
        if silent >= KEEP_ALIVE_SECONDS:
            silent = 0
            if self._speaking is None or self._speaking.done():
                self._speaking = self._loop.create_task(self.send(KEEP_ALIVE))
        self._timer = self._loop.call_later(KEEP_ALIVE_SECONDS - silent, self.keep_alive)

    def silence(self) -> None:
        """Sends no more comments."""
        if self._timer is not None:
            self._timer.cancel()
        if self._speaking is not None:
            self._speaking.cancel()


async def send_json(context: RequestContext, body: bytes) -> None:
    headers = [*JSON_HEADERS, *context.response.start(200)]
    await context.connection.respond(headers, body)
