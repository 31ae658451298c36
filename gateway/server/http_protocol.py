"""HTTP/1.1 as uvicorn speaks it, with what it leaves open: how long and how slow a request's head may be, how long a body may
dribble in after it was answered, how long a client may take nothing of its answer, and refusals in the contract's words."""

import asyncio
import fcntl
import secrets
import sys
import termios
import weakref
from collections.abc import Callable
from http import HTTPStatus

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.errors import GatewayError, InvalidRequest, RequestTimeout

HEAD_SECONDS = 15.0  # from the connection, or a head's first byte, to its end
LINGER_SECONDS = 15.0  # for the rest of a body whose request was answered early; closing at once would lose the answer
TAKE_SECONDS = 30.0  # in which a client whose buffers are full has to take something; its answer holds a place in the engine
MAX_HEAD_BYTES = 64 * 1024
Headers = list[tuple[bytes, bytes]]  # lower-case names
LINE = "sightdesk.line"  # an ASGI extension: the request's ClientConnection


class ClientConnection:
    """What this server offers a request beside ASGI's `receive` and `send`."""

    __slots__ = ("_cycle", "_write", "is_left", "on_leave", "write_chunks", "wrote_at")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        # It holds the scope that holds this: a cycle of garbage for each request, but for the weak end.
        self._cycle = weakref.ref(cycle)
        self.is_left = False
        self.on_leave: Callable[[], None] | None = None
        self._write: Callable[[bytes], None] | None = None
        # Takes whole chunks, their frames included; None where `send` has to do it: before the body, or when the client is slow or gone.
        self.write_chunks: Callable[[bytes], None] | None = None
        self.wrote_at = 0.0  # by the loop's clock, as whoever writes chunks says

    def leave(self) -> None:
        """The client is gone. uvicorn tells the latest of several requests only, and a write for another would fail."""
        self.is_left = True
        self.close()
        if (cycle := self._cycle()) is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        if self.on_leave is not None:
            self.on_leave()

    def begin(self, headers: Headers, body: bytes, *, is_whole: bool) -> bool:
        """Sends the head of a 200 and the first of its body in one piece: the client wakes up once, and no header is searched by regular
        expressions, as uvicorn does. `headers` say nothing of the connection or of the body's length. A body that `is_whole` is still
        to be ended by `send`. False where `send` has to do it all: to a client that is slow or gone."""
        cycle = self._cycle()
        if cycle is None or cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
            return False
        if cycle.scope["method"] == "HEAD":
            return False
        pieces = [b"HTTP/1.1 200 OK"]
        pieces += [name + b": " + value for name, value in (*cycle.default_headers, *headers)]
        if not cycle.keep_alive:
            pieces.append(b"connection: close")
        pieces.append(
            b"content-length: %d" % len(body) if is_whole else b"transfer-encoding: chunked"
        )
        head = b"\r\n".join(pieces)
        if max(head.count(b"\r"), head.count(b"\n")) >= len(pieces):
            raise ValueError("a header's value has more than one line")
        cycle.response_started, cycle.waiting_for_100_continue = True, False
        cycle.chunked_encoding = not is_whole
        if is_whole or not body:
            cycle.transport.writelines(
                (head, b"\r\n\r\n", body)
            )  # one system call, and no copy of what may be large
        else:
            cycle.transport.write(b"%b\r\n\r\n%x\r\n%b\r\n" % (head, len(body), body))
        return True

    def open(self) -> None:
        """The response's body has begun: chunks may go past `send`."""
        cycle = self._cycle()
        if cycle is not None and cycle.chunked_encoding and not self.is_left:
            self._write = cycle.transport.write
            self.write_chunks = None if cycle.flow.write_paused else self._write

    def pause(self) -> None:
        self.write_chunks = None

    def resume(self) -> None:
        self.write_chunks = self._write

    def close(self) -> None:
        self.write_chunks = self._write = None


class LimitedHTTPProtocol(HttpToolsProtocol):
    _clock: asyncio.TimerHandle | None = None
    _full: asyncio.TimerHandle | None = None  # runs while the client's buffers are full
    _head_bytes = 0
    _in_head = True
    _refused = False  # what came behind a request whose response is under way: the connection closes after it
    _got_on = False  # whether a head or a message ended in what came last, or there was some of a body in it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._lines: list[
            ClientConnection
        ] = []  # of the request that is answered and of those that were sent on its heels
        self._clock = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        self._stop_waiting()
        super().connection_lost(exc)
        for line in self._lines:
            line.leave()

    def pause_writing(self) -> None:
        super().pause_writing()
        for line in self._lines:
            line.pause()
        self._stop_waiting()
        self._wait_for_client()

    def resume_writing(self) -> None:
        self._stop_waiting()
        super().resume_writing()
        for line in self._lines:
            line.resume()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._got_on = False
        super().data_received(data)
        # A head that came whole, as nearly all do, is past by now. What is neither head nor body is chunks' frames and trailers.
        if self._got_on or self.transport.is_closing():
            return
        if not self._in_head or data.strip(
            b"\r\n"
        ):  # empty lines before a head are nothing (RFC 9112, section 2.2)
            self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse_head()
        else:
            self._await_head()

    def on_headers_complete(self) -> None:
        self._stop_clock()
        # In one read, or begun in the read that ended the request before.
        if (
            sum(len(name) + len(value) for name, value in self.headers) + len(self.url)
            > MAX_HEAD_BYTES
        ):
            self._refuse_head()
            raise httptools.HttpParserError(
                "its head is too long"
            )  # ends the parsing of what came with it
        super().on_headers_complete()  # raises where the target is no URL: then the head is not past
        self._in_head, self._got_on = False, True
        self._head_bytes = 0
        self.headers = []  # of a body's trailers: nothing that was not checked joins the request's own
        if self.cycle is not None:
            line = ClientConnection(self.cycle)
            self._lines.append(line)
            self.cycle.scope["extensions"] = {LINE: line}  # type: ignore[dict-item]  # an object, and no dict of options

    def on_body(self, body: bytes) -> None:
        self._got_on = True
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_head, self._got_on = True, True
        self._head_bytes = 0
        self._stop_clock()
        super().on_message_complete()
        if (
            not self._lines and not self.transport.is_closing()
        ):  # the rest of a body whose request was answered early
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        if self._lines:
            self._lines.pop(0).close()
        super().on_response_complete()
        if self._lines or self.transport.is_closing():
            return
        if self._refused:
            self.transport.close()
        elif not self._in_head:
            self._stop_clock()
            self._clock = self.loop.call_later(LINGER_SECONDS, self.transport.close)
        elif self._head_bytes:
            self._await_head()

    def send_400_response(self, msg: str) -> None:
        self._refuse(InvalidRequest("This is no HTTP request that can be read."))

    def _too_slow(self) -> None:
        self._clock = None
        if self._head_bytes:
            self._refuse(
                RequestTimeout(
                    f"The request's head took longer than {HEAD_SECONDS:g} s.",
                    details={"seconds": HEAD_SECONDS},
                )
            )
        else:
            self.transport.close()

    def _wait_for_client(self) -> None:
        self._full = self.loop.call_later(TAKE_SECONDS, self._look_at_client, self._untaken())

    def _look_at_client(self, before: int) -> None:
        if self._untaken() < before:
            self._wait_for_client()
        else:
            self.transport.abort()

    def _untaken(self) -> int:
        """Bytes written that the client's machine has not acknowledged: ours, and the kernel's, which holds megabytes and asks for more
        only when a third of them is gone."""
        wire = self.transport.get_extra_info("socket")
        in_kernel = fcntl.ioctl(wire.fileno(), termios.TIOCOUTQ, bytes(4))  # tcp(7): SIOCOUTQ
        return self.transport.get_write_buffer_size() + int.from_bytes(in_kernel, sys.byteorder)

    def _stop_waiting(self) -> None:
        if self._full is not None:
            self._full.cancel()
            self._full = None

    def _await_head(self) -> None:
        """While a response is under way the next head may take its time."""
        if self._in_head and self._clock is None and not self._lines:
            self._clock = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _is_answering(self) -> bool:
        """Whether a refusal would be written into a response."""
        if self._in_head:
            return bool(self._lines)
        return len(self._lines) > 1 or (self.cycle is not None and self.cycle.response_started)

    def _refuse_head(self) -> None:
        if self._is_answering():
            self.transport.abort()  # to read on until it is over would be to keep what comes
            return
        self._refuse(
            InvalidRequest(
                f"The request's head, or what follows its body, has more than {MAX_HEAD_BYTES} bytes.",
                details={"limit": MAX_HEAD_BYTES},
            )
        )

    def _refuse(self, error: GatewayError) -> None:
        if self.transport.is_closing():
            return
        self._stop_clock()
        if self._is_answering():
            self._refused = True
            if not self._lines:
                self.transport.close()
            return
        body = orjson.dumps(error.body())
        head = (
            f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nx-request-id: {secrets.token_hex(16)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
