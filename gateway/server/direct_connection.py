"""The ClientConnection of LimitedHTTPProtocol: writes past uvicorn's `send` where that is cheaper.

It uses internals of uvicorn's RequestResponseCycle, which
tests/gateway/server/test_canaries.py names.
"""

import weakref
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.server.chunked import framed
from gateway.server.client_connection import Headers, begin, respond
from gateway.server.later import Later


class DirectConnection:
    """Writes to the transport while the client takes what it is sent, else through `send`."""

    __slots__ = ("_cycle", "_is_left", "_on_leave", "_write", "write_chunks", "wrote_at")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        # Weak: the cycle holds the scope, and the scope this object. A strong reference would
        # leave garbage behind each request that only the collector finds.
        self._cycle = weakref.ref(cycle)
        self._is_left = False
        self._on_leave: Callable[[], None] | None = None
        self._write: Callable[[bytes], None] | None = None  # the transport's, within the body
        self.write_chunks: Callable[[bytes], None] | None = None
        self.wrote_at = 0.0

    # For the application

    async def respond(self, headers: Headers, body: bytes) -> None:
        if self._write_head(headers, b"content-length: %d" % len(body), body):
            await self.end()
        else:
            await respond(self._send, headers, body)

    async def begin(self, headers: Headers, body: bytes) -> None:
        chunk = framed(body) if body else b""
        if not self._write_head(headers, b"transfer-encoding: chunked", chunk):
            await begin(self._send, headers, body)
        self._open()

    def write(self, body: bytes) -> Awaitable[None] | None:
        if self.write_chunks is None or not body:
            message = {"type": "http.response.body", "body": body, "more_body": True}
            return Later(self._send, message)
        self.write_chunks(framed(body))
        return None

    async def end(self, body: bytes = b"") -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    def watch(self, on_leave: Callable[[], None]) -> None:
        self._on_leave = on_leave
        if self._is_left:
            on_leave()

    def unwatch(self) -> None:
        self._on_leave = None

    # For the protocol

    def pause(self) -> None:
        """The client takes nothing more for now."""
        self.write_chunks = None

    def resume(self) -> None:
        self.write_chunks = self._write

    def close(self) -> None:
        """The response is over."""
        self.write_chunks = self._write = None

    def leave(self) -> None:
        """The client has left.

        uvicorn tells only the newest of several requests on one connection, and would write to
        the closed transport for the others.
        """
        self._is_left = True
        self.close()
        if (cycle := self._cycle()) is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        if self._on_leave is not None:
            self._on_leave()

    def _send(self, message: Any) -> Coroutine[Any, Any, None]:
        cycle = self._cycle()
        assert cycle is not None, "a response is written while its request runs"
        return cycle.send(message)

    def _open(self) -> None:
        """The body has begun: from here on chunks may be written past `send`."""
        cycle = self._cycle()
        if cycle is not None and cycle.chunked_encoding and not self._is_left:
            self._write = cycle.transport.write
            self.write_chunks = None if cycle.flow.write_paused else self._write

    def _write_head(self, headers: Headers, framing: bytes, body: bytes) -> bool:
        """Writes the head of a 200 and the first of the body in one piece.

        The client wakes up once, and no header is searched by uvicorn's regular expressions.
        Returns False where `send` has to do it: to a client that is slow or gone, and for HEAD.
        """
        cycle = self._cycle()
        if cycle is None or cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
            return False
        if cycle.scope["method"] == "HEAD":
            return False
        lines = [b"HTTP/1.1 200 OK"]
        lines += [name + b": " + value for name, value in (*cycle.default_headers, *headers)]
        if not cycle.keep_alive:
            lines.append(b"connection: close")
        lines.append(framing)
        head = b"\r\n".join(lines)
        if max(head.count(b"\r"), head.count(b"\n")) >= len(lines):
            raise ValueError("a header's value has more than one line")
        cycle.response_started, cycle.waiting_for_100_continue = True, False
        cycle.chunked_encoding = framing.startswith(b"transfer-encoding")
        # One system call, and no copy of a large body.
        cycle.transport.writelines((head, b"\r\n\r\n", body))
        return True
