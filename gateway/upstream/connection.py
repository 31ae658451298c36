"""A connection to one engine on asyncio's own transports: a request goes out as fast as the engine takes it, and hanging up tells the
engine."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Protocol, cast

# What an engine that was hung up on may take until it closes its side; one that hangs does not keep its places for ever.
LEAVE_SECONDS = 2.0
ABORT_SECONDS = 0.2  # until it has noticed, where it cannot say so


class Place(Protocol):
    """A place in an engine that a request takes."""

    def take(self) -> None: ...

    def give_back(self) -> None: ...


class Connection(asyncio.Protocol):
    __slots__ = (
        "_closing",
        "_left",
        "_loop",
        "_paused",
        "_place",
        "_transport",
        "_unsent",
        "_writes",
    )

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._left = False  # hung up on: what still comes is nobody's
        self._paused = False  # the engine is held back
        self._writes = True  # whether the engine takes what it is sent as fast as it comes
        self._unsent: Iterator[bytes] | None = None  # of the request's body
        self._place: Place | None = None
        self._closing: asyncio.TimerHandle | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(
            asyncio.Transport, transport
        )  # uvloop's has the methods and not the base class

    def pause_writing(self) -> None:
        self._writes = False

    def resume_writing(self) -> None:
        self._writes = True
        self._write_on()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._closing is not None:
            self._closing.cancel()
        if self._left and self._place is not None:
            self._place.give_back()

    # What the gateway calls

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    @property
    def is_sent(self) -> bool:
        """Whether the whole request is on its way."""
        return self._unsent is None

    def write(self, head: bytes, body: Iterable[bytes], place: Place | None) -> None:
        """A request, its body's pieces as the engine takes them. It takes `place`, as long as the engine is at it after `leave`."""
        assert self._transport is not None
        self._place = place
        self._unsent = iter(body)
        self._transport.write(
            head + next(self._unsent, b"")
        )  # one system call, and the engine wakes up once
        self._write_on()

    def _write_on(self) -> None:
        while self._unsent is not None and self._writes and self._transport is not None:
            piece = next(self._unsent, None)
            if piece is None:
                self._unsent = None
            else:
                self._transport.write(piece)

    def pause_reading(self) -> None:
        """Nothing more is read until `let_come`."""
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def leave(self) -> None:
        """Hangs up, which aborts the engine's work. Our side is closed, and the engine closes its own in the very turn in which it
        hears of it (uvicorn does, which is vLLM's server): until then the request takes its place (docs/decisions/009-hanging-up.md).
        """
        transport, place = self._transport, self._place
        if transport is None or transport.is_closing():
            return
        if (
            self._unsent is not None
            or transport.get_write_buffer_size()
            or not transport.can_write_eof()
        ):
            transport.abort()
            if place is not None:
                place.take()
                self._loop.call_later(ABORT_SECONDS, place.give_back)
            return
        self._left = True
        if place is not None:
            place.take()
        self.resume_reading()
        transport.write_eof()
        self._closing = self._loop.call_later(LEAVE_SECONDS, transport.abort)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
