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

Reading = dict[
    str, Any
]  # width, height, lines [{text, box, confidence}], fields [{name, value, box, confidence, valid}]


class Reader:
    def __init__(self, url: str) -> None:
        self._pool = Pool(url, CONNECT_SECONDS) if url else None
        self._readings: OrderedDict[str, asyncio.Task[Reading | None]] = OrderedDict()

    def start(self, sha256: str, data: bytes, content_type: str) -> "asyncio.Task[Reading | None]":
        """Begins to read, or joins whoever began already."""
        task = self._readings.get(sha256)
        if task is None or (task.done() and task.result() is None):
            task = asyncio.create_task(self._read(data, content_type))
            self._readings[sha256] = task
        self._readings.move_to_end(sha256)
        while len(self._readings) > MAX_REMEMBERED:
            self._readings.popitem(last=False)
        return task

    def start_all(self, pictures: Iterable[Picture]) -> None:
        """Reads ahead, so that the reading is there when the question comes."""
        if self._pool is not None:
            for picture in pictures:
                self.start(picture.sha256, picture.data, picture.content_type)

    async def reading(self, sha256: str, data: bytes, content_type: str, timeout: float) -> Reading | None:
        """The reading, or None where there is no reader or none came within `timeout` seconds; it goes on meanwhile."""
        if self._pool is None:
            return None
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(self.start(sha256, data, content_type))
        except TimeoutError:
            return None

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
