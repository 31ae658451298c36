"""Wakes the worker from any thread: a confirmed action does not wait for the next look."""

import asyncio
from contextlib import suppress


class Bell:
    def __init__(self) -> None:
        self._listener: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def ring(self) -> None:
        """From any thread. Nothing happens while nobody waits, or once the loop has ended."""
        if self._listener is not None:
            loop, event = self._listener
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(event.set)

    def listen(self) -> asyncio.Event:
        """An event of the running loop, which each ring sets."""
        event = asyncio.Event()
        self._listener = (asyncio.get_running_loop(), event)
        return event
