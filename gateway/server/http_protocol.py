"""uvicorn's HTTP/1.1 protocol plus limits on head size, pipelining, slow heads, late bodies
and slow readers.

It uses internals of uvicorn's HttpToolsProtocol; tests/gateway/server/test_canaries.py names them.
"""

import asyncio
import fcntl
import secrets
import sys
import termios
from http import HTTPStatus
from typing import ClassVar

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.errors import GatewayError, InvalidRequest, RequestTimeout
from gateway.server import limits
from gateway.server.client_connection import CONNECTION
from gateway.server.direct_connection import DirectConnection


class LimitedHTTPProtocol(HttpToolsProtocol):
    """One connection of a client."""

    _last_start: ClassVar[float] = 0.0  # of a pipelined request, on any connection: the loop's time
    _head_timer: asyncio.TimerHandle | None = None
    _take_timer: asyncio.TimerHandle | None = None  # runs while the client's buffers are full
    _head_bytes = 0
    _in_head = True
    _refused = False  # the connection closes after the response that is under way
    _got_on = False  # the last read ended a head or a message, or had some of a body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own class has it
        super().connection_made(transport)
        # Of the request that is answered, and of those that the client sent behind it.
        self._clients: list[DirectConnection] = []
        self._head_timer = self.loop.call_later(limits.HEAD_SECONDS, self._end_slow_head)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        self._stop_take_timer()
        super().connection_lost(exc)
        for client in self._clients:
            client.leave()

    def pause_writing(self) -> None:
        super().pause_writing()
        for client in self._clients:
            client.pause()
        self._stop_take_timer()
        self._start_take_timer()

    def resume_writing(self) -> None:
        self._stop_take_timer()
        super().resume_writing()
        for client in self._clients:
            client.resume()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._got_on = False
        super().data_received(data)
        # Nearly every head comes whole and is over by now. What is neither head nor body is the
        # frames of chunks, and trailers.
        if self._got_on or self.transport.is_closing():
            return
        # Empty lines before a head are allowed (RFC 9112, section 2.2).
        if not self._in_head or data.strip(b"\r\n"):
            self._head_bytes += len(data)
        if self._head_bytes > limits.MAX_HEAD_BYTES:
            self._refuse_head()
        else:
            self._await_head()

    def on_headers_complete(self) -> None:
        self._stop_head_timer()
        if len(self._clients) > limits.MAX_PIPELINED:  # closes behind the answers to those
            raise httptools.HttpParserError("too many requests wait on this connection")
        # `_head_bytes` does not know a head that came in one read, or began behind a body.
        size = sum(len(name) + len(value) for name, value in self.headers) + len(self.url)
        if size > limits.MAX_HEAD_BYTES:
            self._refuse_head()
            raise httptools.HttpParserError("the head is too long")  # ends the parsing of the read
        super().on_headers_complete()  # raises where the target is no URL; the head goes on then
        self._in_head, self._got_on = False, True
        self._head_bytes = 0
        self.headers = []  # for trailers: nothing checks them, so the request must not get them
        if self.cycle is not None:
            client = DirectConnection(self.cycle)
            self._clients.append(client)
            # ASGI wants a dict of options here; this is an object.
            self.cycle.scope["extensions"] = {CONNECTION: client}  # type: ignore[dict-item]  # no dict, see above

    def on_body(self, body: bytes) -> None:
        self._got_on = True
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_head, self._got_on = True, True
        self._head_bytes = 0
        self._stop_head_timer()
        super().on_message_complete()
        if not self._clients and not self.transport.is_closing():
            # The rest of a body whose request was answered early: the connection is idle now.
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        if self._clients:
            self._clients.pop(0).close()
        if self.pipeline:
            self.loop.call_at(self._next_start(), super().on_response_complete)
        else:
            super().on_response_complete()
        if self._clients or self.transport.is_closing():
            return
        if self._refused:
            self.transport.close()
        elif not self._in_head:
            self._stop_head_timer()
            self._head_timer = self.loop.call_later(limits.LINGER_SECONDS, self.transport.close)
        elif self._head_bytes:
            self._await_head()

    def _next_start(self) -> float:
        """When the request behind the one that was answered may start."""
        soonest = LimitedHTTPProtocol._last_start + limits.PIPELINED_SECONDS
        LimitedHTTPProtocol._last_start = max(soonest, self.loop.time())
        return LimitedHTTPProtocol._last_start

    def send_400_response(self, msg: str) -> None:
        self._refuse(InvalidRequest("This is no HTTP request that can be read."))

    def _end_slow_head(self) -> None:
        self._head_timer = None
        if not self._head_bytes:
            self.transport.close()
            return
        self._refuse(
            RequestTimeout(
                f"The request's head took longer than {limits.HEAD_SECONDS:g} s.",
                details={"seconds": limits.HEAD_SECONDS},
            )
        )

    def _await_head(self) -> None:
        """Bounds the time of a head, except while a response is under way."""
        if self._in_head and self._head_timer is None and not self._clients:
            self._head_timer = self.loop.call_later(limits.HEAD_SECONDS, self._end_slow_head)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _start_take_timer(self) -> None:
        before = self._unacknowledged()
        self._take_timer = self.loop.call_later(limits.TAKE_SECONDS, self._end_slow_reader, before)

    def _stop_take_timer(self) -> None:
        if self._take_timer is not None:
            self._take_timer.cancel()
            self._take_timer = None

    def _end_slow_reader(self, before: int) -> None:
        if self._unacknowledged() < before:
            self._start_take_timer()
        else:
            self.transport.abort()

    def _unacknowledged(self) -> int:
        """Returns the bytes written that the client's machine has not acknowledged.

        Those in the transport's buffer and those in the kernel's, which holds megabytes and
        takes more only once a third of them is gone.
        """
        client = self.transport.get_extra_info("socket")
        in_kernel = fcntl.ioctl(client.fileno(), termios.TIOCOUTQ, bytes(4))  # tcp(7): SIOCOUTQ
        return self.transport.get_write_buffer_size() + int.from_bytes(in_kernel, sys.byteorder)

    def _is_answering(self) -> bool:
        """Whether a refusal would be written into a response."""
        if self._in_head:
            return bool(self._clients)
        return len(self._clients) > 1 or (self.cycle is not None and self.cycle.response_started)

    def _refuse_head(self) -> None:
        if self._is_answering():
            self.transport.abort()  # to read on until the response is over would keep what comes
        else:
            limit = limits.MAX_HEAD_BYTES
            message = f"The request's head, or what follows its body, has more than {limit} bytes."
            self._refuse(InvalidRequest(message, details={"limit": limit}))

    def _refuse(self, error: GatewayError) -> None:
        """Answers with `error` and closes; while a response is under way, only closes after it."""
        if self.transport.is_closing():
            return
        self._stop_head_timer()
        if self._is_answering():
            self._refused = True
            if not self._clients:
                self.transport.close()
            return
        body = orjson.dumps(error.body())
        head = (
            f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\n"
            "content-type: application/json\r\n"
            f"content-length: {len(body)}\r\n"
            f"x-request-id: {secrets.token_hex(16)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
