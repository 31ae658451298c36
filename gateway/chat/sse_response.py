"""A stream of server-sent events to one client. The response starts with its first event: what
fails before it still gets its own status."""

import asyncio
from collections.abc import Awaitable

from gateway.chat.openai_stream import KEEP_ALIVE, error_event
from gateway.errors import GatewayError
from gateway.server.protocol import Headers
from gateway.server.request_context import RequestContext
from gateway.server.stepping import finished

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
        *("_context", "_last", "_loop", "_send", "_speaking", "_time", "_timer", "_wants_extras"),
        *("ended", "line", "started"),
    )

    def __init__(self, context: RequestContext, *, wants_extras: bool = False) -> None:
        self._context = context
        self._send = context.send
        self.line = context.line
        self._wants_extras = wants_extras
        self.started = self.ended = False
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time
        self._last = self._time()  # when something was last sent
        self._speaking: asyncio.Task[None] | None = None  # a comment on its way
        self._timer: asyncio.TimerHandle | None = None

    async def send(self, events: bytes) -> None:
        """Waits where the client is slow."""
        if not self.started:
            await self._start(events)
            return
        self._last = self._time()
        await self._send({"type": "http.response.body", "body": events, "more_body": True})

    async def _start(self, events: bytes) -> None:
        self.started = True
        self._last = self._time()
        await begin(self._context, STREAM_HEADERS, events, is_whole=False)
        if self.line is not None:
            self.line.open()

    def push(self, events: bytes, *, last: bool = False) -> Awaitable[None] | None:
        """As `send`, without a task: ASGI's `send` runs through in one step unless the client is
        slow. Where it does, the response ends with the `last` events: the client wakes up once."""
        if not self.started:
            return self._send_whole(events) if last else self.send(events)
        self._last = self._time()
        if last and self.line is not None and self.line.write_chunks is not None:
            self._finish()
        step = self._send(
            {"type": "http.response.body", "body": events, "more_body": not self.ended}
        )
        try:
            # Every `async def` gives a coroutine.
            waiting = step.send(None)  # type: ignore[attr-defined]
        except StopIteration:
            return None
        return finished(step, waiting)  # type: ignore[arg-type]  # the same coroutine

    async def _send_whole(self, events: bytes) -> None:
        await self.send(events)
        await self.end()

    async def fail(self, error: GatewayError) -> None:
        """Sends the last event of a stream that has begun and is not over. Before that the error
        belongs to the error handler."""
        if not self.ended:
            await self.send(error_event(error, wants_extras=self._wants_extras))

    async def end(self) -> None:
        """Ends the response, where it has not ended with its last events."""
        if not self.ended:
            self._finish()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _finish(self) -> None:
        """After the end nothing may be sent, and no comment be on its way."""
        self.ended = True
        self.silence()

    def keep_alive(self) -> None:
        """From now on sends a comment after each 10 s of silence."""
        silent = self._time() - max(
            self._last, self.line.wrote_at if self.line is not None else 0.0
        )
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
    await begin(context, JSON_HEADERS, body, is_whole=True)
    await context.send({"type": "http.response.body", "body": b""})


async def begin(context: RequestContext, headers: Headers, body: bytes, *, is_whole: bool) -> None:
    """Sends the head of a 200 and the first of its body, in one write where the server can."""
    headers = [*headers, *context.answer(200)]
    if context.line is not None and context.line.begin(headers, body, is_whole=is_whole):
        return
    if is_whole:
        headers.append((b"content-length", b"%d" % len(body)))
    await context.send({"type": "http.response.start", "status": 200, "headers": headers})
    await context.send({"type": "http.response.body", "body": body, "more_body": True})
