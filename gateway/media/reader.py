"""The reader's client: a picture in, its lines and fields out; each picture is read once and remembered."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import orjson

from gateway.engines.body import Raw
from gateway.engines.faults import WireError
from gateway.engines.pool import Pool
from gateway.media.picture import Picture

log = logging.getLogger("sightdesk.reader")
MAX_REMEMBERED = 512
READ_SECONDS = 60.0  # the longest any reading may take; who asks waits READER_TIMEOUT at most
CONNECT_SECONDS = 2.0
MAX_READING_BYTES = 16 * 1024 * 1024
WAITING_BYTES = 64 * 1024 * 1024  # pictures that wait for the reader are held in memory; more than this are not

Reading = dict[
    str, Any
]  # width, height, lines [{text, box, confidence}], fields [{name, value, box, confidence, valid}]


class Reader:
    def __init__(self, url: str) -> None:
        self._pool = Pool(url, CONNECT_SECONDS) if url else None
        self._waiting = 0  # bytes that are held because they are being read
        self._readings: OrderedDict[str, asyncio.Task[Reading | None]] = OrderedDict()

    @property
    def reads(self) -> bool:
        return self._pool is not None

    def remembers(self, sha256: str) -> bool:
        task = self._readings.get(sha256)
        return task is not None and not (task.done() and task.result() is None)

    def start(self, picture: Picture) -> "asyncio.Task[Reading | None] | None":
        """Begins to read, or joins whoever began already. None where there is no reader, or where too much waits for it."""
        if self.remembers(picture.sha256):
            self._readings.move_to_end(picture.sha256)
            return self._readings[picture.sha256]
        if not self.reads or self._waiting + len(picture.data) > WAITING_BYTES:
            return None
        size = len(picture.data)
        task = self._readings[picture.sha256] = asyncio.create_task(self._read(picture.data, picture.content_type))
        self._waiting += size
        task.add_done_callback(lambda _: self._let_go(size))
        self._readings.move_to_end(picture.sha256)
        while len(self._readings) > MAX_REMEMBERED:
            self._readings.popitem(last=False)
        return task

    def start_all(self, pictures: Iterable[Picture]) -> None:
        """Reads ahead, so that the reading is there when the question comes."""
        for picture in pictures:
            self.start(picture)

    def _let_go(self, size: int) -> None:
        self._waiting -= size

    async def _read(self, data: bytes, content_type: str) -> Reading | None:
        assert self._pool is not None
        headers = {"content-type": content_type, "accept": "application/json"}
        try:
            async with asyncio.timeout(READ_SECONDS):
                response = await self._pool.request("POST", "/v1/read", headers, Raw(data), READ_SECONDS)
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

    def close(self) -> None:
        for task in self._readings.values():
            task.cancel()
        if self._pool is not None:
            self._pool.drop()
