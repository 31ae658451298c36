"""Where pictures are made ready: by workers, in turns by owner, and not twice."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import replace

from gateway.errors import GatewayError, InvalidImage
from gateway.media import data_url
from gateway.media.limits import MAX_SIDE, MediaLimits
from gateway.media.picture import Picture, digest
from gateway.media.sniff import sniff, too_large
from gateway.media.worker_job import Job, shrunk
from gateway.media.workers import Workers
from gateway.observability.metrics import Metrics
from gateway.openai.base64_payload import Payload

REMEMBERED_BYTES = 64 * 1024 * 1024
REMEMBERED_OUTLINES = 4096


class ImageProcessor:
    """`owner`, everywhere: whose turn it takes, among those who wait for workers."""

    def __init__(self, limits: MediaLimits, metrics: Metrics) -> None:
        self.limits = limits
        self._metrics = metrics
        self._workers = Workers(limits)
        self._remembered: OrderedDict[str, list[Picture]] = OrderedDict()
        self._size = 0
        self._outlines: OrderedDict[str, list[Picture]] = OrderedDict()

    def close(self) -> None:
        self._workers.close()

    async def decode(self, url: str, payload: Payload | None = None) -> bytes:
        return await asyncio.to_thread(data_url.decode, url, self.limits.max_bytes, payload)

    async def prepare(self, data: bytes, owner: str = "") -> list[Picture]:
        """The pictures of an image or PDF as the engine gets them. Raises what the contract says of bad ones, and QueueFull."""
        started = time.perf_counter()
        try:
            pictures = await self._prepared(data, owner)
        except GatewayError as error:
            self._metrics.images.labels(error.code).inc()
            raise
        self._metrics.images.labels("ok").inc(len(pictures))
        self._metrics.image_seconds.observe(time.perf_counter() - started)
        return pictures

    async def preview(self, data: bytes, page: int, owner: str = "") -> Picture | None:
        """One page, or the whole picture where the engine gets tiles of it: as it is read, so that a reading's boxes lie where they
        should. None beyond the last page."""
        pictures = await self.prepare(data, owner)
        if pictures[0].page is not None:
            return pictures[page - 1] if page <= len(pictures) else None
        if page > 1:
            return None
        if len(pictures) == 1:
            return pictures[0]
        untiled = replace(self.limits, scale_to_side=MAX_SIDE)
        return (await self._workers.work(Job("image", data, untiled, sniff(data)), owner))[0]

    async def outlines(self, data: bytes) -> list[Picture] | None:
        """What `prepare` once made of these bytes, without the pictures' own; None where it has not seen them or has forgotten."""
        return self._outlines.get(await asyncio.to_thread(digest, data))

    async def shrink(self, picture: Picture, max_tokens: int, owner: str = "") -> Picture:
        """The same picture in at most about `max_tokens` tokens."""
        if max_tokens >= picture.tokens:
            return picture
        job = Job("shrink", picture.data, self.limits, picture.content_type, max_tokens)
        (small,) = await self._workers.work(job, owner)
        return shrunk(picture, small)

    async def _prepared(self, data: bytes, owner: str) -> list[Picture]:
        if not data:
            raise InvalidImage("The file is empty.", details={"size": 0})
        if len(data) > self.limits.max_bytes:
            raise too_large(data, len(data), self.limits.max_bytes)
        kind = sniff(data)
        key = await asyncio.to_thread(digest, data)
        if key in self._remembered:
            self._remembered.move_to_end(key)
            return self._remembered[key]
        job = Job("pdf" if kind == "application/pdf" else "image", data, self.limits, kind)
        pictures = await self._workers.work(job, owner)
        self._remember(key, pictures)
        return pictures

    def _remember(self, key: str, pictures: list[Picture]) -> None:
        self._outlines[key] = [picture.outline for picture in pictures]
        self._outlines.move_to_end(key)
        if len(self._outlines) > REMEMBERED_OUTLINES:
            self._outlines.popitem(last=False)
        if key in self._remembered:  # sent twice at once
            return
        self._remembered[key] = pictures
        self._size += sum(len(picture.data) for picture in pictures)
        while self._size > REMEMBERED_BYTES:
            _, oldest = self._remembered.popitem(last=False)
            self._size -= sum(len(picture.data) for picture in oldest)
