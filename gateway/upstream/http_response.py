"""An engine's answer over HTTP/1.1: what every token passes (docs/decisions/005-own-wire-to-the-engine.md)."""

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import httptools

from gateway.upstream.connection import Connection, Place
from gateway.upstream.faults import Cut, GivenUp, TimedOut, WireError

if TYPE_CHECKING:
    from gateway.upstream.pool import Pool

# Takes bytes at once and gives None, or an awaitable after which it takes more.
OnData = Callable[[bytes], Awaitable[None] | None]
# Takes whole chunks, their frames included, how many they are, and the loop's time; says whether it did.
OnChunks = Callable[[bytes, int, float], bool]

CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]{1,6})\r\n")  # of a chunk without extensions
# By a whole chunk's size the frame it begins with, as servers write it: what a token is in, nearly always.
FRAMES = {len(frame) + size + 2: frame for size in range(1, 4096) for frame in (b"%x\r\n" % size,)}
LAST_CHUNK = b"\r\n0\r\n\r\n"
PAUSE_BYTES = 256 * 1024  # unread bytes of one response above which the engine is held back
MAX_HEAD_BYTES = 64 * 1024


class Response(Connection):
    """One connection, and the response that is on it. `read()` gives the body as it is asked for, `pour()` hands it on in the
    very call in which it came; `close()` gives the connection back."""

    __slots__ = (
        "_between_chunks", "_buffered", "_chunk_ended", "_chunk_into", "_chunks", "_error", "_head_bytes", "_head_done", "_heard_at",
        "_held", "_into", "_keeps_alive", "_limit", "_parser", "_pool", "_thrown", "_time", "_timer", "_waiter", "begun", "complete",
        "elsewhere", "headers", "idle_since", "status", "used",
    )  # fmt: skip

    def __init__(self, pool: "Pool") -> None:
        super().__init__()
        self._pool = pool
        self.elsewhere: Callable[[], bool] | None = (
            None  # whether another engine could answer in place of this one
        )
        self._time = self._loop.time
        self.used = 0  # requests that this connection has carried
        self.idle_since = 0.0
        self._reset()

    def _reset(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.headers: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._head_done = self._keeps_alive = False
        self.status = 0
        self.begun = self.complete = False  # the body; its reader notes that it has begun
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._error: WireError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._limit = 0.0
        self._heard_at = 0.0
        self._into: OnData | None = None
        self._chunk_into: OnChunks | None = None
        self._chunk_ended = self._between_chunks = (
            False  # the latter: nothing of the next one has come either
        )
        self._held: Awaitable[None] | None = None
        self._thrown: Exception | None = None

    @property
    def started(self) -> bool:
        """Whether a byte of the response has come."""
        return self._head_bytes > 0

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        # What a token passes: no call here that need not be (docs/decisions/005-own-wire-to-the-engine.md).
        if self._between_chunks and self._into is not None and self._chunk_into is not None:
            frame = FRAMES.get(len(data))
            is_one = frame is not None and data.startswith(frame) and data.endswith(b"\r\n")
            count = 1 if is_one else 0 if data.endswith(LAST_CHUNK) else _whole_chunks(data)
            if count and self._chunk_into(data, count, now := self._time()):
                self._heard_at = now
                return
        if self._left:
            return
        if self._head_done:
            self._heard_at = self._time()
        else:  # dripping a head wins no time
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(Cut(f"no HTTP: {error}"))
        self._between_chunks = self._chunk_ended and data.endswith(b"\r\n")
        if not self._head_done and self._head_bytes > MAX_HEAD_BYTES:
            self._fail(Cut("a head without an end"))
        if self._into is not None and self._chunks and self._pour_now(self._into):
            return
        if self._buffered > PAUSE_BYTES:
            self.pause_reading()
        self._wake()

    def _pour_now(self, into: OnData) -> bool:
        """Hands on what is here; whether nobody has to wake up for it."""
        try:
            self._held = into(self._take())
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits in pour()
            self._thrown = error
        if self._held is None and self._thrown is None:
            return not self.complete
        self._into = None  # what comes meanwhile is kept
        return False

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        del self._parser  # it holds us: a cycle of garbage for each connection
        if self._left:
            self._settle()
            return
        self._pool._lost(self)
        ends_by_closing = (
            b"content-length" not in self.headers and b"transfer-encoding" not in self.headers
        )
        if self._head_done and ends_by_closing and error is None:
            self.complete = True
        elif not self.complete:
            self._fail(Cut("the connection broke"))
        self._wake()

    def give_up(self) -> None:
        self._fail(GivenUp("the engine is down"))
        self._wake()

    # httptools' callbacks

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._head_done = True

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)
        self._buffered += len(body)

    def on_chunk_header(self) -> None:
        self._chunk_ended = False

    def on_chunk_complete(self) -> None:
        self._chunk_ended = True

    def on_message_complete(self) -> None:
        self.complete = True
        self._chunk_ended = False
        self._keeps_alive = self._parser.should_keep_alive()

    # What the gateway calls

    def send(
        self, head: bytes, body: Iterable[bytes], seconds: float, place: Place | None = None
    ) -> None:
        """Writes a request, its body's pieces as fast as the engine takes them; from now on it may be silent for `seconds`."""
        self._reset()
        self.used += 1
        self.write(head, body, place)
        self.allow(seconds)  # after it: the engine is at work meanwhile

    def allow(self, seconds: float) -> None:
        """How long the engine may be silent. One timer a request: it looks again instead of being set anew with every byte."""
        self._limit = seconds
        self._heard_at = self._time()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._look)

    def allow_to_end(self, seconds: float) -> None:
        """All has been said: how long the engine may take, at most, to say that it is over, whatever else it says meanwhile."""
        if self.complete:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(min(seconds, self._limit), self._too_long)

    def silence(self) -> float:
        return self._time() - self._heard_at

    def _look(self) -> None:
        silent = self.silence()
        # A reader that does not wait is busy with its client; the engine owes it nothing.
        if silent >= self._limit and self._waiter is not None:
            self._fail(TimedOut(f"silent for {silent:.1f} s", self._limit))
            self._wake()
        elif self._error is None and not self.complete:
            self._timer = self._loop.call_later(max(0.05, self._limit - silent), self._look)

    def _too_long(self) -> None:
        self._fail(TimedOut("it does not end its response", self._limit))
        self._wake()

    async def head(self) -> None:
        """Waits for status and headers. Raises WireError."""
        while not self._head_done:
            if self._error is not None:
                raise self._error
            await self._wait()

    async def read(self) -> bytes:
        """What has come since the last call, at least a byte; empty at the end. Raises WireError."""
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self.complete:
                return b""
            await self._wait()
        return self._take()

    async def stream_to(self, into: OnData, on_chunks: OnChunks | None = None) -> None:
        """Hands the body to `into`, piece by piece, until its end; the engine is held back while `into` is. No task wakes up for
        a piece, which is a third of what relaying a token costs. Chunks that came whole are offered to `chunk_into` first. Raises
        WireError, and what the two raise."""
        self._chunk_into = on_chunks
        try:
            while True:
                if self._thrown is not None:
                    raise self._thrown
                if self._held is not None:
                    held, self._held = self._held, None
                    await held
                elif self._chunks:
                    self._held = into(self._take())
                elif self._error is not None:
                    raise self._error
                elif self.complete:
                    return
                else:
                    self._into = into
                    await self._wait()
        finally:
            self._into = self._chunk_into = None

    def _take(self) -> bytes:
        data = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._buffered = 0
        self.resume_reading()
        return data

    async def read_all(self, limit: int) -> bytes:
        """The whole body. Raises WireError, also when it is longer than `limit` bytes."""
        body = bytearray()
        while chunk := await self.read():
            body += chunk
            if len(body) > limit:
                raise Cut(f"a body of more than {limit} bytes")
        return bytes(body)

    def close(self) -> None:
        """Back to the pool if the response is whole, else it is hung up on."""
        whole = self.complete and self._error is None and self._keeps_alive and self.is_sent
        self._settle()
        if whole and self.is_open:
            self.resume_reading()
            self._pool._give_back(self)
        else:
            self.leave()

    def leave(self) -> None:
        self._settle()
        super().leave()

    def abort(self) -> None:
        self._settle()
        super().abort()

    def _settle(self) -> None:
        self._pool.active.discard(self)
        self.elsewhere = None
        if self._timer is not None:
            self._timer.cancel()

    def _fail(self, error: WireError) -> None:
        if self._error is None and not self.complete:
            self._error = error
            self._into = None

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _whole_chunks(data: bytes) -> int:
    """How many chunks `data` is, frames included; 0 where it is not whole ones, or the end is among them."""
    chunks = at = 0
    while at < len(data):
        head = CHUNK_HEAD.match(data, at)
        size = int(head[1], 16) if head else 0
        if head is None or size == 0:
            return 0
        at = head.end() + size + 2
        if data[at - 2 : at] != b"\r\n":
            return 0
        chunks += 1
    return chunks
