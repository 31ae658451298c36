"""Where pictures are made ready: off the event loop, a few at a time, and not twice."""

import asyncio
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from gateway.errors import GatewayError
from gateway.media import dataurl
from gateway.media.limits import MAX_SIDE, MediaLimits
from gateway.media.pdf import render_pages
from gateway.media.picture import Picture, digest
from gateway.media.raster import prepare_image, shrink
from gateway.media.sniff import sniff, too_large
from gateway.metrics import Metrics
from gateway.payload import Payload

NICENESS = 10
MAX_AT_ONCE = 4
REMEMBERED_BYTES = 64 * 1024 * 1024
REMEMBERED_OUTLINES = 4096
Result = TypeVar("Result")


class Studio:
    def __init__(self, limits: MediaLimits, metrics: Metrics) -> None:
        self.limits = limits
        self._metrics = metrics
        at_once = min(MAX_AT_ONCE, _cores())
        self._pool = ThreadPoolExecutor(at_once, "media", initializer=_give_way)
        self._renderers = asyncio.Semaphore(at_once)  # each may take pdf_memory_bytes
        self._remembered: OrderedDict[str, list[Picture]] = OrderedDict()
        self._size = 0
        self._outlines: OrderedDict[str, list[Picture]] = OrderedDict()

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def decode(self, url: str, payload: Payload | None = None) -> bytes:
        # In a thread of usual priority: it holds the interpreter, and where such a one yields the core to libvips' threads the event loop
        # waits for all of them.
        return await asyncio.to_thread(dataurl.decode, url, self.limits.max_bytes, payload)

    async def prepare(self, data: bytes) -> list[Picture]:
        """The pictures of an image or PDF as the engine gets them. Raises what the contract says of bad ones."""
        started = time.perf_counter()
        try:
            pictures = await self._prepared(data)
        except GatewayError as error:
            self._metrics.images.labels(error.code).inc()
            raise
        self._metrics.images.labels("ok").inc(len(pictures))
        self._metrics.image_seconds.observe(time.perf_counter() - started)
        return pictures

    async def preview(self, data: bytes, page: int) -> Picture | None:
        """One page, or the whole picture where the engine gets tiles of it: as it is read, so that a reading's boxes lie where they
        should. None beyond the last page."""
        pictures = await self.prepare(data)
        if pictures[0].page is not None:
            return pictures[page - 1] if page <= len(pictures) else None
        if page > 1:
            return None
        if len(pictures) == 1:
            return pictures[0]
        untiled = replace(self.limits, scale_to_side=MAX_SIDE)
        return (await self._run(lambda: prepare_image(data, sniff(data), untiled)))[0]

    async def outlines(self, data: bytes) -> list[Picture] | None:
        """What `prepare` once made of these bytes, without the pictures' own; None where it has not seen them or has forgotten."""
        return self._outlines.get(await self._run(lambda: digest(data)))

    async def shrink(self, picture: Picture, max_tokens: int) -> Picture:
        return await self._run(lambda: shrink(picture, max_tokens))

    async def _prepared(self, data: bytes) -> list[Picture]:
        if len(data) > self.limits.max_bytes:
            raise too_large(data, str(len(data)), self.limits.max_bytes)
        kind = sniff(data)
        key = await self._run(lambda: digest(data))
        if key in self._remembered:
            self._remembered.move_to_end(key)
            return self._remembered[key]
        if kind == "application/pdf":
            async with self._renderers:
                pictures = await render_pages(data, self.limits, self._run)
        else:
            pictures = await self._run(lambda: prepare_image(data, kind, self.limits))
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

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _cores() -> int:
    """Those that this process may run on: more pictures at once would only take more memory."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _give_way() -> None:
    """A thread of pictures, and those that libvips starts from it, yield the core to the event loop: streams wait for that one."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
