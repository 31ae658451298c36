"""Prepares images and PDFs for the engine: in workers, in turns by owner, and each file once."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import replace

from gateway.errors import GatewayError, InvalidImage
from gateway.media import data_url
from gateway.media.limits import MAX_SIDE, MediaLimits
from gateway.media.picture import Picture, digest
from gateway.media.picture_cache import PictureCache
from gateway.media.sniff import sniff, too_large
from gateway.media.worker_job import Job, in_original, task_of
from gateway.media.workers import Workers
from gateway.observability.metrics import Metrics
from gateway.openai.base64_payload import Payload

REMEMBERED_OUTLINES = 1024


class ImageProcessor:
    """In all methods, `owner` is the caller's key in the queue for workers."""

    def __init__(self, limits: MediaLimits, metrics: Metrics) -> None:
        self.limits = limits
        self._metrics = metrics
        self._workers = Workers(limits)
        self._cache = PictureCache()
        self._outlines: OrderedDict[str, list[Picture]] = OrderedDict()

    def close(self) -> None:
        self._workers.close()

    async def decode(self, url: str, payload: Payload | None = None) -> bytes:
        """The bytes of a data URL, decoded in a thread; see `data_url.decode`."""
        return await asyncio.to_thread(data_url.decode, url, self.limits.max_bytes, payload)

    async def prepare(self, data: bytes, owner: str = "") -> list[Picture]:
        """The pictures of an image or PDF as the engine gets them. Raises the contract's media
        errors and QueueFull."""
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
        """One page, 1 first, as OCR reads it: a reading's boxes lie where they should. An image is
        one page, whole even where the engine gets tiles of it. None beyond the last page, and for a
        document without pictures."""
        pictures = await self.prepare(data, owner)
        if pictures[0].is_document:
            return None
        if pictures[0].page is not None:
            return pictures[page - 1] if page <= len(pictures) else None
        if page > 1:
            return None
        if len(pictures) == 1:
            return pictures[0]
        untiled = replace(self.limits, scale_to_side=MAX_SIDE)
        return (await self._workers.work(Job("image", data, untiled, sniff(data)), owner))[0]

    async def outlines(self, data: bytes) -> list[Picture] | None:
        """The result of an earlier `prepare` of these bytes, without the pictures' bytes. None
        where it is not remembered."""
        return self._outlines.get(await asyncio.to_thread(digest, data))

    async def shrink(self, picture: Picture, max_tokens: int, owner: str = "") -> Picture:
        """The same picture in at most about `max_tokens` tokens."""
        if max_tokens >= picture.tokens:
            return picture
        job = Job("shrink", picture.data, self.limits, picture.content_type, max_tokens)
        (small,) = await self._workers.work(job, owner)
        return in_original(small, picture)

    async def _prepared(self, data: bytes, owner: str) -> list[Picture]:
        if not data:
            raise InvalidImage("The file is empty.", details={"size": 0})
        if len(data) > self.limits.max_bytes:
            raise too_large(data, len(data), self.limits.max_bytes)
        kind = sniff(data)
        key = await asyncio.to_thread(digest, data)
        cached = self._cache.get(key)
        if cached is not None:
            return cached
        job = Job(task_of(kind), data, self.limits, kind)
        pictures = await self._workers.work(job, owner)
        self._cache.add(key, pictures)
        self._remember_outlines(key, pictures)
        return pictures

    def _remember_outlines(self, key: str, pictures: list[Picture]) -> None:
        self._outlines[key] = [picture.outline for picture in pictures]
        self._outlines.move_to_end(key)
        if len(self._outlines) > REMEMBERED_OUTLINES:
            self._outlines.popitem(last=False)
