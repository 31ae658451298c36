"""The OCR client: a picture in, its lines and fields out. Each picture is read once and remembered.

Pictures wait here and not in `lite`: round by owner, within a bound an owner, so that nobody waits
for all that another one has sent.
"""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus

import orjson

from gateway.errors import QueueFull
from gateway.media.ocr_scan import OCRScan, Reading
from gateway.media.picture import Picture
from gateway.throttling.fair_queue import RETRY_SECONDS, FairQueue
from gateway.upstream.faults import WireError
from gateway.upstream.pool import Pool
from gateway.upstream.request_body import Raw

log = logging.getLogger("sightdesk.reader")
MAX_REMEMBERED = 512
READ_SECONDS = 120.0  # the longest that one reading may take, from its turn on
CONNECT_SECONDS = 2.0
MAX_READING_BYTES = 16 * 1024 * 1024
# `lite` reads as many side by side, a slice of each in turn (inference/lite/reader.py): a small picture passes a dense one.
SLOTS = 4
SLOTS_OF_OWNER = 1
AHEAD = "-ahead"
WAITING_OF_OWNER = (
    64  # as many as one question may have: 8 pictures in 4 tiles, and 32 earlier ones
)
# Pictures that wait are held in memory.
WAITING_BYTES = 64 * 1024 * 1024
WAITING_BYTES_OF_OWNER = WAITING_BYTES // 2


class OCRClient:
    """`owner` is a pseudonym everywhere here: `lite` is told it, for its own turns."""

    def __init__(self, url: str) -> None:
        self._pool = Pool(url, CONNECT_SECONDS) if url else None
        self._queue = FairQueue(SLOTS, WAITING_OF_OWNER, "pictures to be read", SLOTS_OF_OWNER)
        self._bytes: Counter[str] = Counter()  # that are held, by owner
        self._scans: OrderedDict[str, OCRScan] = OrderedDict()

    @property
    def reads(self) -> bool:
        return self._pool is not None

    def remembers(self, sha256: str) -> bool:
        scan = self._scans.get(sha256)
        return scan is not None and not (scan.is_done and scan.reading is None)

    def start(self, picture: Picture, owner: str) -> OCRScan | None:
        """Begins to read, or joins a reading that has begun; `leave()` it to end what nobody else wants. None where there is no
        reader.

        Raises QueueFull where pictures of too many bytes wait. Too many pictures of one owner: `refused` of the scan.
        """
        if not self.reads:
            return None
        if self.remembers(picture.sha256):
            scan = self._scans[picture.sha256]
        else:
            scan = self._added(picture, owner)
        self._scans.move_to_end(picture.sha256)
        scan.join()
        if not scan.is_begun and not scan.is_done and owner not in scan.turns:
            scan.turns[owner] = asyncio.create_task(self._turn(scan, owner))
        return scan

    def start_all(self, pictures: Iterable[Picture], owner: str) -> None:
        """Reads ahead, so that the reading is there when the question comes; what finds no place is read then. In turns of its own:
        no question waits for what its owner has uploaded."""
        with suppress(QueueFull):
            for picture in pictures:
                self.start(picture, owner + AHEAD)

    def close(self) -> None:
        for scan in list(self._scans.values()):
            self._give_up(scan)
        if self._pool is not None:
            self._pool.drop()

    def _added(self, picture: Picture, owner: str) -> OCRScan:
        size = len(picture.data)
        limits = (
            (self._bytes.total(), WAITING_BYTES),
            (self._bytes[owner], WAITING_BYTES_OF_OWNER),
        )
        for held, limit in limits:
            if held + size > limit:
                raise QueueFull(
                    f"Pictures of {held} bytes wait to be read; at most {limit} may. Retry in {RETRY_SECONDS} s.",
                    retry_after=RETRY_SECONDS,
                    details={"limit": limit, "size": held + size},
                )
        self._bytes[owner] += size
        scan = self._scans[picture.sha256] = OCRScan(
            picture, self._give_up, lambda: self._let_go(owner, size)
        )
        if len(self._scans) > MAX_REMEMBERED and (oldest := self._oldest_done()) is not None:
            del self._scans[oldest]
        return scan

    def _oldest_done(self) -> str | None:
        return next((sha256 for sha256, scan in self._scans.items() if scan.is_done), None)

    def _let_go(self, owner: str, size: int) -> None:
        self._bytes[owner] -= size
        if not self._bytes[owner]:
            del self._bytes[owner]

    def _give_up(self, scan: OCRScan) -> None:
        for turn in scan.turns.values():
            turn.cancel()
        if self._scans.get(scan.sha256) is scan and not scan.is_done:
            del self._scans[scan.sha256]
        if not scan.is_done:
            scan.end(None)

    async def _turn(self, scan: OCRScan, owner: str) -> None:
        async def moved(position: int) -> None:
            scan.moved(owner, position)

        try:
            async with self._queue.turn(owner, moved):
                if not scan.is_begun:
                    await self._read_into(scan, owner)
        except QueueFull as full:
            del scan.turns[owner]
            if not scan.turns:
                scan.refused = full
                scan.end(None)

    async def _read_into(self, scan: OCRScan, owner: str) -> None:
        reading = None
        try:
            reading = await self._read(scan.begin(owner), owner)
        finally:
            if not scan.is_done:
                scan.end(reading)

    async def _read(self, picture: Picture, owner: str) -> Reading | None:
        assert self._pool is not None
        headers = {
            "content-type": picture.content_type,
            "accept": "application/json",
            "x-owner": owner,
        }
        try:
            async with asyncio.timeout(READ_SECONDS):
                response = await self._pool.request(
                    "POST", "/v1/read", headers, Raw(picture.data), READ_SECONDS
                )
                try:
                    text = await response.read_all(MAX_READING_BYTES)
                finally:
                    response.close()
            if response.status == HTTPStatus.OK:
                reading: Reading = orjson.loads(text)
                return reading
            log.warning("reading_refused", extra={"status": response.status})
        except (WireError, TimeoutError, ValueError) as error:
            log.warning("reading_failed", extra={"reason": type(error).__name__})
        return None
