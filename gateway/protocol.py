"""HTTP/1.1 as uvicorn speaks it, with what it leaves open: how long and how slow a request's head may be, how long a body may
dribble in after it was answered, and refusals in the contract's words."""

import asyncio
import uuid
import weakref
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.errors import GatewayError, InvalidRequest, RequestTimeout

HEAD_SECONDS = 15.0  # from the connection, or a head's first byte, to its end
LINGER_SECONDS = 15.0  # for the rest of a body whose request was answered early; closing at once would lose the answer
MAX_HEAD_BYTES = 64 * 1024
WRITE_CHUNK = "sightdesk.write_chunk"  # an ASGI extension: see write_chunk


class BoundedProtocol(HttpToolsProtocol):
    _clock: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True
    _turned = False  # whether a head or a message ended in what came last

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._clock = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._turned = False
        super().data_received(data)
        # A head that came whole, as nearly all do, is past by now.
        if self._turned or not self._in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(InvalidRequest(f"The request's head has more than {MAX_HEAD_BYTES} bytes."))
        elif self._clock is None:
            self._clock = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def on_headers_complete(self) -> None:
        self._in_head, self._turned = False, True
        self._head_bytes = 0
        self._stop_clock()
        super().on_headers_complete()
        if self.cycle is not None:
            extensions: dict[str, Any] = {WRITE_CHUNK: partial(write_chunk, weakref.ref(self.cycle))}
            self.cycle.scope["extensions"] = extensions

    def on_message_complete(self) -> None:
        self._in_head, self._turned = True, True
        self._stop_clock()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._in_head and not self.transport.is_closing():
            self._stop_clock()
            self._clock = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        self._refuse(InvalidRequest("This is no HTTP request that can be read."))

    def _too_slow(self) -> None:
        self._clock = None
        if self._head_bytes:
            self._refuse(RequestTimeout(f"The request's head took longer than {HEAD_SECONDS:g} s."))
        else:
            self.transport.close()

    def _refuse(self, error: GatewayError) -> None:
        self._stop_clock()
        body = orjson.dumps(error.body())
        head = (
            f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nx-request-id: {uuid.uuid4().hex}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None


def write_chunk(response: "weakref.ref[RequestResponseCycle]", chunk: bytes) -> bool:
    """One whole chunk, its frame included, into a response that has begun; false where `send` has to do it, since the client is slow
    or gone, or its response is not in chunks."""
    cycle = response()  # it holds the scope that holds this: a cycle of garbage for each request, but for the weak end
    if cycle is None or cycle.flow.write_paused or cycle.disconnected or not cycle.chunked_encoding:
        return False
    cycle.transport.write(chunk)
    return True
