"""The client of one request: writes a 200 to it and tells when it leaves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.types import Message, Receive, Scope, Send

from gateway.server import limits

Headers = list[tuple[bytes, bytes]]  # lower-case names
CONNECTION = "sightdesk.connection"  # the ASGI extension under which a server offers its own


class ClientConnection(Protocol):
    """What the gateway needs of a client beside ASGI. Two classes have it: PlainConnection runs
    on every ASGI server, DirectConnection costs less and needs LimitedHTTPProtocol."""

    # Writes whole chunks, with their frames. None where only `write` may be used: outside of the
    # body, to a client that is slow or gone, and always in a PlainConnection.
    write_chunks: Callable[[bytes], None] | None
    wrote_at: float  # the loop's time, set by whoever uses `write_chunks`

    async def respond(self, headers: Headers, body: bytes) -> None:
        """Sends a whole 200."""

    async def begin(self, headers: Headers, body: bytes) -> None:
        """Sends the head of a 200 and the first piece of its body. More comes by `write`."""

    def write(self, body: bytes) -> Awaitable[None] | None:
        """Sends a piece of the body. Returns None once it is sent, or an awaitable that does it."""

    async def end(self, body: bytes = b"") -> None:
        """Sends the last piece of the body."""

    def watch(self, on_leave: Callable[[], None]) -> None:
        """Calls `on_leave` when the client leaves, also where it has left before.

        Call this once the request's body has been read.
        """

    def unwatch(self) -> None:
        """Ends `watch`."""


class PlainConnection:
    """A ClientConnection through ASGI's `receive` and `send` alone."""

    __slots__ = (
        *("_is_over", "_listener", "_on_leave", "_receive", "_send"),
        *("write_chunks", "wrote_at"),
    )

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._is_over = False  # the response has ended, or the client is gone
        self._on_leave: Callable[[], None] | None = None
        self._listener: asyncio.Task[None] | None = None
        self.write_chunks: Callable[[bytes], None] | None = None
        self.wrote_at = 0.0

    async def respond(self, headers: Headers, body: bytes) -> None:
        await respond(self._bounded_send, headers, body)

    async def begin(self, headers: Headers, body: bytes) -> None:
        await begin(self._bounded_send, headers, body)

    async def write(self, body: bytes) -> None:
        await self._bounded_send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self, body: bytes = b"") -> None:
        await self._bounded_send({"type": "http.response.body", "body": body, "more_body": False})

    def watch(self, on_leave: Callable[[], None]) -> None:
        self._on_leave = on_leave
        self._listener = asyncio.create_task(self._listen())

    def unwatch(self) -> None:
        self._on_leave = None
        if self._listener is not None:
            self._listener.cancel()

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    async def _bounded_send(self, message: Message) -> None:
        if self._is_over:
            return
        # Before sending: uvicorn reports the end of the response as a disconnect.
        self._is_over = message["type"] == "http.response.body" and not message["more_body"]
        try:
            async with asyncio.timeout(limits.TAKE_SECONDS):
                await self._send(message)
        except TimeoutError:
            self._is_over = False
            self._leave()
        except asyncio.CancelledError:
            self._is_over = False
            raise

    def _leave(self) -> None:
        if not self._is_over:
            self._is_over = True
            if self._on_leave is not None:
                self._on_leave()


async def respond(send: Send, headers: Headers, body: bytes) -> None:
    """Sends a whole 200 through ASGI."""
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def begin(send: Send, headers: Headers, body: bytes) -> None:
    """Sends the head of a 200 and the first piece of its body through ASGI."""
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})


def connection_of(scope: Scope, receive: Receive, send: Send) -> ClientConnection:
    """Returns the connection that the server offers, else a PlainConnection."""
    offered: ClientConnection | None = (scope.get("extensions") or {}).get(CONNECTION)
    return offered or PlainConnection(receive, send)
