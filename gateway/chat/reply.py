"""Where an answer goes. A response starts with its first event, so that what fails before it is an honest status."""

import asyncio
from typing import Protocol

from starlette.types import Send

from gateway.chat import extras
from gateway.errors import GatewayError

KEEP_ALIVE_SECONDS = 10.0
STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]
JSON_HEADERS = [(b"content-type", b"application/json")]


class Sink(Protocol):
    """Takes whole events."""

    async def send(self, events: bytes) -> None: ...


class StreamReply:
    """A stream to one client: server-sent events, with comments while nothing else is said."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self._last = asyncio.get_running_loop().time()

    async def send(self, events: bytes) -> None:
        if not self.started:
            self.started = True
            await self._send({"type": "http.response.start", "status": 200, "headers": list(STREAM_HEADERS)})
        self._last = asyncio.get_running_loop().time()
        await self._send({"type": "http.response.body", "body": events, "more_body": True})

    async def fail(self, error: GatewayError) -> None:
        """Ends a stream that has begun. Before that the error belongs to the error handler."""
        await self.send(extras.error_event(error.body()))

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def keep_alive(self) -> None:
        """Runs beside the answer: a comment after each 10 s of silence."""
        loop = asyncio.get_running_loop()
        while True:
            silent = loop.time() - self._last
            if silent >= KEEP_ALIVE_SECONDS:
                await self.send(extras.KEEP_ALIVE)
                silent = 0
            await asyncio.sleep(KEEP_ALIVE_SECONDS - silent)


async def send_json(send: Send, body: bytes) -> None:
    headers = [*JSON_HEADERS, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
