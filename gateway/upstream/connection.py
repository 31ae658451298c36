"""A connection to one engine: writes a request as fast as the engine takes it, and hangs up."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Protocol, cast

# An engine that was hung up on may take so long to close its side.
LEAVE_SECONDS = 2.0
# After an abort the engine cannot tell when it has stopped; it is assumed to within this time.
ABORT_SECONDS = 0.2


class Place(Protocol):
    """One of the places for requests in an engine."""

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
        self._left = False  # hung up on; what still comes is dropped
        self._paused = False  # nothing is read
        self._writes = True  # the transport's buffer has room
        self._unsent: Iterator[bytes] | None = None  # of the request's body
        self._place: Place | None = None
        self._closing: asyncio.TimerHandle | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport has these methods without the base class.
        self._transport = cast(asyncio.Transport, transport)

    def pause_writing(self) -> None:
        self._writes = False

    def resume_writing(self) -> None:
        self._writes = True
        self._write_rest()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._closing is not None:
            self._closing.cancel()
        if self._left and self._place is not None:
            self._place.give_back()

    # For the response

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    @property
    def is_sent(self) -> bool:
        """Whether the whole request has been written."""
        return self._unsent is None

    def write(self, head: bytes, body: Iterable[bytes], place: Place | None) -> None:
        """Writes a request, the body's pieces as the engine takes them.

        `place` is taken by `leave` until the engine has stopped working on this request.
        """
        assert self._transport is not None
        self._place = place
        self._unsent = iter(body)
        # Head and first piece in one system call: the engine wakes up once.
        self._transport.write(head + next(self._unsent, b""))
        self._write_rest()

    def _write_rest(self) -> None:
        while self._unsent is not None and self._writes and self._transport is not None:
            piece = next(self._unsent, None)
            if piece is None:
                self._unsent = None
            else:
                self._transport.write(piece)

    def pause_reading(self) -> None:
        """Stops reading until `resume_reading`."""
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def leave(self) -> None:
        """Hangs up, which aborts the engine's work (docs/decisions/009-hanging-up.md).

        Closes our side. The engine closes its side as soon as it notices, as uvicorn, vLLM's
        server, does; the request takes its place until then.
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
