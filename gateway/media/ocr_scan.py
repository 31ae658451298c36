"""One picture's reading on its way: who waits for it, and at which place of the queue."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from gateway.errors import QueueFull
from gateway.media.picture import Picture
from gateway.throttling.fair_queue import Moved

# width, height, lines [{text, box, confidence}], fields [{name, value, box, confidence, valid}]
Reading = dict[str, Any]


class OCRScan:
    """Shared by all who ask for the same picture. `turns` are the places that it has in the queue, one an owner: it is read in
    whichever comes first."""

    def __init__(
        self, picture: Picture, abandoned: Callable[["OCRScan"], None], ended: Callable[[], None]
    ) -> None:
        self.sha256 = picture.sha256
        self.picture: Picture | None = picture  # until it is read
        self.turns: dict[str, asyncio.Task[None]] = {}
        self.reading: Reading | None = None
        self.refused: QueueFull | None = None  # why it was not read, where the queue had no place
        self.is_begun = self.is_done = False
        self._positions: dict[str, int] = {}
        self._askers = 0
        self._watchers: set[asyncio.Event] = set()
        self._abandoned = abandoned
        self._ended = ended

    @property
    def position(self) -> int | None:
        """In the queue, 1 first; 0 once it has begun; None before it has a place."""
        return 0 if self.is_begun or self.is_done else min(self._positions.values(), default=None)

    def join(self) -> None:
        self._askers += 1

    def leave(self) -> None:
        """The asker no longer wants it. What nobody wants is not read, or not read on."""
        self._askers -= 1
        if not self._askers and not self.is_done:
            self._abandoned(self)

    def moved(self, owner: str, position: int) -> None:
        self._positions[owner] = position
        self._tell()

    def begin(self, owner: str) -> Picture:
        """The first turn has come; the others are given up."""
        assert self.picture is not None
        self.is_begun = True
        for other, turn in self.turns.items():
            if other != owner:
                turn.cancel()
        self._tell()
        return self.picture

    def end(self, reading: Reading | None) -> None:
        self.reading, self.picture, self.is_done = reading, None, True
        self.turns.clear()
        self._ended()
        self._tell()

    def watch(self, watcher: asyncio.Event) -> None:
        """Sets `watcher` whenever something changes."""
        self._watchers.add(watcher)

    def unwatch(self, watcher: asyncio.Event) -> None:
        self._watchers.discard(watcher)

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher.set()


class Waiting:
    """A question that waits for scans, and is told its place: the best that any of them has, until the first has begun."""

    def __init__(self, scans: Iterable[OCRScan], moved: Moved | None) -> None:
        self._scans = list(scans)
        self._moved = moved
        self._told: int | None = None

    async def until(self, enough: Callable[[], bool], seconds: float) -> None:
        """Until `enough` is true, all scans are done, or `seconds` are over."""
        changed = asyncio.Event()
        for scan in self._scans:
            scan.watch(changed)
        try:
            async with asyncio.timeout(seconds):
                while not enough() and (
                    pending := [scan for scan in self._scans if not scan.is_done]
                ):
                    changed.clear()
                    await self._tell(pending)
                    await changed.wait()
        except TimeoutError:
            pass
        finally:
            for scan in self._scans:
                scan.unwatch(changed)
        if self._told:  # it waited, and does not any more
            await self._tell(self._scans)

    async def _tell(self, scans: list[OCRScan]) -> None:
        places = [scan.position for scan in scans if scan.position is not None]
        place = min(places, default=self._told)
        if (
            self._moved is None
            or place == self._told
            or self._told == 0
            or (place == 0 and self._told is None)
        ):
            return
        self._told = place
        if place is not None:
            await self._moved(place)
