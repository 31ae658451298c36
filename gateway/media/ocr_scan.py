"""The OCR of one picture: who waits for it, its position in the queue, and its result."""

import asyncio
from collections.abc import Callable

from gateway.errors import QueueFull
from gateway.media.picture import Picture, Reading


class OCRScan:
    """Shared by all callers who ask for the same picture.

    `turns` are its tasks in the queue, one an owner; it is read in whichever turn comes first.
    """

    def __init__(
        self, picture: Picture, on_abandon: Callable[["OCRScan"], None], on_end: Callable[[], None]
    ) -> None:
        """`on_abandon`: nobody wants the reading any more. `on_end`: the picture's bytes are no
        longer held."""
        self.sha256 = picture.sha256
        self.picture: Picture | None = picture  # until it is read
        self.turns: dict[str, asyncio.Task[None]] = {}
        self.reading: Reading | None = None
        self.refusal: QueueFull | None = None  # where the queue was full
        self.is_begun = self.is_done = False
        self._positions: dict[str, int] = {}  # by owner
        self._users = 0
        self._watchers: set[asyncio.Event] = set()
        self._on_abandon = on_abandon
        self._on_end = on_end

    @property
    def position(self) -> int | None:
        """In the queue, 1 first; 0 once it has begun; None before it is queued."""
        return 0 if self.is_begun or self.is_done else min(self._positions.values(), default=None)

    def join(self) -> None:
        self._users += 1

    def leave(self) -> None:
        """One user no longer wants the reading. Without users OCR does not begin, or stops."""
        self._users -= 1
        if not self._users and not self.is_done:
            self._on_abandon(self)

    def set_position(self, owner: str, position: int) -> None:
        self._positions[owner] = position
        self._notify()

    def begin(self, owner: str) -> Picture:
        """The turn of `owner` has come first; the other turns are cancelled."""
        assert self.picture is not None
        self.is_begun = True
        for other, turn in self.turns.items():
            if other != owner:
                turn.cancel()
        self._notify()
        return self.picture

    def end(self, reading: Reading | None) -> None:
        self.reading, self.picture, self.is_done = reading, None, True
        self.turns.clear()
        self._on_end()
        self._notify()

    def watch(self, watcher: asyncio.Event) -> None:
        """Sets `watcher` whenever something changes."""
        self._watchers.add(watcher)

    def unwatch(self, watcher: asyncio.Event) -> None:
        self._watchers.discard(watcher)

    def _notify(self) -> None:
        for watcher in self._watchers:
            watcher.set()
