"""Reads an engine's response over HTTP/1.1. Every token passes here (decision 005)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from gateway.server.chunked import whole_chunks
from gateway.upstream.connection import Place
from gateway.upstream.faults import Cut, GivenUp, TimedOut, WireError
from gateway.upstream.http1_parser import ParsingConnection

# Takes some bytes of the body. Returns None, or an awaitable to wait for before the next bytes.
OnData = Callable[[bytes], Awaitable[None] | None]
# Takes whole chunks with their frames, the number of chunks and the loop's time. Returns whether
# it took them; otherwise they are parsed and go to OnData.
OnChunks = Callable[[bytes, int, float], bool]

PAUSE_BYTES = 256 * 1024  # unread bytes of one response above which reading pauses
MIN_TIMER_SECONDS = 0.05


class Owner(Protocol):
    """What a response tells the pool that its connection belongs to."""

    def finished(self, response: "Response") -> None:
        """The response is over or given up. May be called twice."""

    def reuse(self, response: "Response") -> None:
        """The connection is open and can carry another request."""

    def lost(self, response: "Response") -> None:
        """The engine closed the connection."""


class Response(ParsingConnection):
    """One connection and the response that is on it.

    `read()` returns the body piece by piece. `stream_to()` hands each piece on in the call in
    which it came. `close()` gives the connection back to its owner.
    """

    __slots__ = (
        *("_heard_at", "_held", "_limit", "_on_chunks", "_on_data", "_owner"),
        *("_thrown", "_time", "_timer", "_waiter"),
        *("begun", "elsewhere", "idle_since", "used"),
    )

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self._owner = owner
        # Tells whether another engine could answer instead of this one; None once none may.
        self.elsewhere: Callable[[], bool] | None = None
        self._time = self._loop.time
        self.used = 0  # requests that this connection has carried
        self.idle_since = 0.0  # the loop's time

    def _forget(self) -> None:
        super()._forget()
        self.begun = False  # set by the reader, once the body has begun
        self._limit = 0.0  # seconds
        self._heard_at = 0.0  # the loop's time
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._on_data: OnData | None = None
        self._on_chunks: OnChunks | None = None
        self._held: Awaitable[None] | None = None
        self._thrown: Exception | None = None

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        if self._is_between_chunks and self._on_data is not None and self._on_chunks is not None:
            count = whole_chunks(data)
            if count and self._on_chunks(data, count, now := self._time()):
                self._heard_at = now
                return
        if self._left:
            return
        if self._head_done:  # a head that drips wins no time
            self._heard_at = self._time()
        self._parse(data)
        if self._on_data is not None and self._pieces and self._hand_on(self._on_data):
            return
        if self._buffered > PAUSE_BYTES:
            self.pause_reading()
        self._wake()

    def _hand_on(self, on_data: OnData) -> bool:
        """Hands on what is there. Returns whether the task in `stream_to` may sleep on."""
        try:
            self._held = on_data(self._take())
        except Exception as error:  # noqa: BLE001 - raised again in stream_to()
            self._thrown = error
        if self._held is None and self._thrown is None:
            return not self.complete
        self._on_data = None  # what comes before the task wakes up is kept
        return False

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        if self._left:
            self._settle()
            return
        self._owner.lost(self)
        self._wake()

    # For the pool and the client

    def send(
        self, head: bytes, body: Iterable[bytes], seconds: float, place: Place | None = None
    ) -> None:
        """Writes a request. From now on the engine may be silent for `seconds`."""
        self._forget()
        self.used += 1
        self.write(head, body, place)
        self.allow(seconds)  # after writing: the engine is at work meanwhile

    def allow(self, seconds: float) -> None:
        """Sets how long the engine may be silent.

        One timer a request: when it fires it looks at the time of the last byte, and goes on.
        """
        self._limit = seconds
        self._heard_at = self._time()
        self._set_timer(seconds, self._check_silence)

    def allow_to_end(self, seconds: float) -> None:
        """Bounds the rest of the response, whatever the engine still sends."""
        if not self.complete:
            self._set_timer(min(seconds, self._limit), self._end_late)

    def silence(self) -> float:
        """Returns the seconds since the last byte."""
        return self._time() - self._heard_at

    def _set_timer(self, seconds: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, then)

    def _check_silence(self) -> None:
        silent = self.silence()
        # While no task waits, the client is slow; the engine owes nothing then.
        if silent >= self._limit and self._waiter is not None:
            self._fail(TimedOut(f"silent for {silent:.1f} s", self._limit))
            self._wake()
        elif self._error is None and not self.complete:
            self._set_timer(max(MIN_TIMER_SECONDS, self._limit - silent), self._check_silence)

    def _end_late(self) -> None:
        self._fail(TimedOut("it does not end its response", self._limit))
        self._wake()

    async def head(self) -> None:
        """Waits for status and headers. Raises WireError."""
        while not self._head_done:
            if self._error is not None:
                raise self._error
            await self._wait()

    async def read(self) -> bytes:
        """Returns what has come since the last call, b"" at the end. Raises WireError."""
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self.complete:
                return b""
            await self._wait()
        return self._take()

    async def read_all(self, limit: int) -> bytes:
        """Returns the whole body. Raises WireError, also above `limit` bytes."""
        body = bytearray()
        while piece := await self.read():
            body += piece
            if len(body) > limit:
                raise Cut(f"a body of more than {limit} bytes")
        return bytes(body)

    async def stream_to(self, on_data: OnData, on_chunks: OnChunks | None = None) -> None:
        """Hands the body to `on_data`, piece by piece, to its end.

        Reading pauses while the awaitable of `on_data` is not done. Whole chunks are offered to
        `on_chunks` first. Raises WireError, and what the two callbacks raise.
        """
        self._on_chunks = on_chunks
        try:
            while True:
                if self._thrown is not None:
                    raise self._thrown
                if self._held is not None:
                    held, self._held = self._held, None
                    await held
                elif self._pieces:
                    self._held = on_data(self._take())
                elif self._error is not None:
                    raise self._error
                elif self.complete:
                    return
                else:
                    self._on_data = on_data
                    await self._wait()
        finally:
            self._on_data = self._on_chunks = None

    def give_up(self) -> None:
        """Fails the response because the engine is down."""
        self._fail(GivenUp("the engine is down"))
        self._wake()

    def close(self) -> None:
        """Gives the connection back where the response is whole; otherwise hangs up."""
        is_whole = self.complete and self._error is None and self._keeps_alive and self.is_sent
        self._settle()
        if is_whole and self.is_open:
            self.resume_reading()
            self._owner.reuse(self)
        else:
            self.leave()

    def leave(self) -> None:
        self._settle()
        super().leave()

    def abort(self) -> None:
        self._settle()
        super().abort()

    def _settle(self) -> None:
        self._owner.finished(self)
        self.elsewhere = None
        if self._timer is not None:
            self._timer.cancel()

    def _fail(self, error: WireError) -> None:
        super()._fail(error)
        if self._error is not None:
            self._on_data = None

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
