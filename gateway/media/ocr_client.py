"""The client of the OCR service: a picture in, its lines and fields out. Each picture is read once
and remembered. Where the file itself has the text, the service only finds the fields in it.

Pictures wait here and not in `lite`: round-robin by owner, within a bound an owner, so that nobody
waits for all that another caller has sent.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from gateway.errors import QueueFull
from gateway.media.content_reading import content_reading
from gateway.media.ocr_memory import OCRMemory
from gateway.media.ocr_request import CONNECT_SECONDS, request_fields, request_reading
from gateway.media.ocr_scan import OCRScan
from gateway.media.picture import Picture, Reading
from gateway.throttling.fair_queue import FairQueue
from gateway.upstream.pool import Pool

MAX_REMEMBERED = 512
# `lite` works on as many pictures side by side, a slice of each in turn (inference/lite/reader.py):
# a small picture overtakes a dense one.
SLOTS = 4
SLOTS_PER_OWNER = 1
FIELDS_AT_ONCE = 4  # requests for the fields of texts; each takes milliseconds
AHEAD = "-ahead"  # suffix of the queue key for uploads
# As many as one question may have: 8 pictures in 4 tiles, and 32 earlier ones.
WAITING_PER_OWNER = 64


class Shared(Protocol):
    """Readings of all gateways (shared_readings.py)."""

    async def find(self, sha256: str) -> Reading | None: ...
    def keep(self, sha256: str, reading: Reading) -> None: ...


class OCRClient:
    """`owner` is a pseudonym in all methods: `lite` sees it, for its own round-robin."""

    def __init__(self, url: str, shared: Shared | None = None) -> None:
        """`url`: READER_URL; empty turns OCR off. `shared`: with other gateways."""
        self._pool = Pool(url, CONNECT_SECONDS) if url else None
        self._shared = shared
        self._queue = FairQueue(SLOTS, WAITING_PER_OWNER, "pictures to be read", SLOTS_PER_OWNER)
        self._memory = OCRMemory()
        self._fields_turns = asyncio.Semaphore(FIELDS_AT_ONCE)
        self._scans: OrderedDict[str, OCRScan] = OrderedDict()  # by SHA-256, oldest use first

    @property
    def is_on(self) -> bool:
        return self._pool is not None

    def remembers(self, sha256: str) -> bool:
        """Whether the picture is read, or is being read."""
        scan = self._scans.get(sha256)
        return scan is not None and not (scan.is_done and scan.reading is None)

    def start(self, picture: Picture, owner: str) -> OCRScan | None:
        """Begins a scan, or joins one that has begun. None where OCR is off and the picture has no
        content. Who no longer wants the reading calls `leave()` on the scan.

        Raises QueueFull where waiting pictures take too many bytes. Where the owner has too many
        pictures, the scan ends with its `refusal`.
        """
        if not self.is_on and picture.content is None:
            return None
        if self.remembers(picture.sha256):
            scan = self._scans[picture.sha256]
        else:
            scan = self._new_scan(picture, owner)
        self._scans.move_to_end(picture.sha256)
        scan.join()
        if not scan.is_begun and not scan.is_done and owner not in scan.turns:
            scan.turns[owner] = asyncio.create_task(self._turn(scan, owner))
        return scan

    def start_all(self, pictures: Iterable[Picture], owner: str) -> None:
        """Scans uploads ahead of the question. They have turns of their own: no question waits for
        what its owner has uploaded. Where the queue is full, nothing happens."""
        with suppress(QueueFull):
            for picture in pictures:
                self.start(picture, owner + AHEAD)

    def close(self) -> None:
        for scan in list(self._scans.values()):
            self._abandon(scan)
        if self._pool is not None:
            self._pool.drop()

    def _new_scan(self, picture: Picture, owner: str) -> OCRScan:
        if picture.content is not None:
            picture = replace(picture, data=b"")  # it is not read by its pixels
        size = len(picture.data)
        self._memory.hold(owner, size)
        scan = self._scans[picture.sha256] = OCRScan(
            picture, self._abandon, lambda: self._memory.release(owner, size)
        )
        if len(self._scans) > MAX_REMEMBERED and (oldest := self._oldest_done()) is not None:
            del self._scans[oldest]
        if picture.content is not None:
            self._read_content(scan, owner)
        return scan

    def _read_content(self, scan: OCRScan, owner: str) -> None:
        """Nobody waits for it in the queue."""
        picture = scan.begin(owner)
        if self.is_on and "kind" not in (picture.content or {}):
            scan.turns[owner] = asyncio.create_task(self._find_fields(scan, picture, owner))
        else:
            scan.end(content_reading(picture))

    def _oldest_done(self) -> str | None:
        return next((sha256 for sha256, scan in self._scans.items() if scan.is_done), None)

    def _abandon(self, scan: OCRScan) -> None:
        for turn in scan.turns.values():
            turn.cancel()
        if self._scans.get(scan.sha256) is scan and not scan.is_done:
            del self._scans[scan.sha256]
        if not scan.is_done:
            scan.end(None)

    async def _turn(self, scan: OCRScan, owner: str) -> None:
        async def on_position(position: int) -> None:
            scan.set_position(owner, position)

        if self._shared and (found := await self._shared.find(scan.sha256)):
            if not scan.is_begun:
                scan.begin(owner)
                scan.end(found)
            return
        try:
            async with self._queue.turn(owner, on_position):
                if not scan.is_begun:
                    await self._scan(scan, owner)
        except QueueFull as full:
            del scan.turns[owner]
            if not scan.turns:
                scan.refusal = full
                scan.end(None)

    async def _find_fields(self, scan: OCRScan, picture: Picture, owner: str) -> None:
        """The lines serve without fields too, but then they are asked for again the next time."""
        assert self._pool is not None
        found = None
        try:
            async with self._fields_turns:
                found = await request_fields(self._pool, picture, owner)
        finally:
            if not scan.is_done:
                scan.end(content_reading(picture, found))
        if found is None and self._scans.get(scan.sha256) is scan:
            del self._scans[scan.sha256]

    async def _scan(self, scan: OCRScan, owner: str) -> None:
        assert self._pool is not None
        reading = None
        try:
            reading = await request_reading(self._pool, scan.begin(owner), owner)
        finally:
            if not scan.is_done:
                scan.end(reading)
        if self._shared and reading is not None:
            self._shared.keep(scan.sha256, reading)
