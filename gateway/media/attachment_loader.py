"""Loads the pictures of a request, the newest first.

The engine gets pictures as long as its tokens suffice. For all earlier pictures OCR must do: only
one of them is in memory at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from gateway.errors import QueueFull, RequestTimeout
from gateway.media.attachment_checks import check_page_count, check_parts
from gateway.media.attachment_notes import notes_for, set_readings
from gateway.media.attachments import Attachment, Attachments, PartPosition, abandon_scans, scans_of
from gateway.media.budget import Budget
from gateway.media.image_processor import ImageProcessor
from gateway.media.media_parts import MediaPart, errors_name, file_id_of, is_remote, media_parts
from gateway.media.ocr_client import OCRClient
from gateway.media.ocr_scan import OCRScan
from gateway.media.picture import Picture
from gateway.media.reading_wait import ReadingWait, wait_for_readings
from gateway.openai.chat_request import ChatRequest
from gateway.storage.file_store import FileStore

if TYPE_CHECKING:
    from gateway.media.remote_images import RemoteImages

MEDIA_SECONDS = 60.0  # for all pictures that the engine gets
# For all earlier pictures: one whose OCR has not begun by then is left out.
EARLIER_SECONDS = 5.0
MAX_EARLIER = 32  # pictures and pages
OnReadings = Callable[[list[dict[str, Any]]], Awaitable[None]]


@dataclass(slots=True)
class _Load:
    """One request's work: `pending` parts are taken from the end, `loaded` is the newest first."""

    pending: list[tuple[PartPosition, MediaPart]]
    owner: str
    queue_key: str
    inline: dict[PartPosition, bytes] = field(default_factory=dict)
    loaded: list[Attachment] = field(default_factory=list)


class AttachmentLoader:
    def __init__(
        self,
        image_processor: ImageProcessor,
        files: FileStore,
        ocr_client: OCRClient,
        max_images: int,
        image_tokens: int,
        remote_images: "RemoteImages | None" = None,
    ) -> None:
        """`max_images` of one message, `image_tokens` for all pictures that the engine gets.
        Without `remote_images`, http(s) URLs are refused."""
        self.image_processor = image_processor
        self._files = files
        self._ocr_client = ocr_client
        self._max_images = max_images
        self._image_tokens = image_tokens
        self._remote_images = remote_images

    async def load(
        self,
        request: ChatRequest,
        owner: str,
        wait: ReadingWait,
        reads_all: bool,
        on_part: OnReadings | None = None,
    ) -> Attachments:
        """The pictures of the request with their readings.

        Files are looked up under `owner`. With `reads_all` OCR reads every picture, else only
        those that the engine does not get. `on_part` is told the readings so far while it waits for
        the rest. Raises the contract's media errors, RequestTimeout and
        QueueFull.
        """
        parts = media_parts(request.messages)
        if not parts:
            return Attachments()
        check_parts(request.messages, parts, self._max_images, self._remote_images is not None)
        load = _Load(parts.copy(), owner, wait.queue_key)
        if on_part is not None:
            wait = replace(wait, on_part=_telling(on_part, parts))
        try:
            await self._decode_inline(load)
            await self._load_for_engine(load, reads_all)
            await self._load_for_ocr(load)
            attachments = Attachments(load.loaded[::-1])
            await wait_for_readings(attachments.items, wait)
        except BaseException:
            abandon_scans(load.loaded)
            raise
        set_readings(attachments.items, parts)
        left_out = [position for position, _ in load.pending]
        attachments.notes = notes_for(attachments.items, left_out, self._image_tokens)
        return attachments

    async def readings(self, file_id: str, data: bytes, wait: ReadingWait) -> list[dict[str, Any]]:
        """The readings of one file, one a page; empty where none came in time. Raises QueueFull."""
        attachments: list[Attachment] = []
        try:
            for tiles in _by_page(await self._for_ocr(data, wait.queue_key)):
                attachments.append(page := Attachment((0, 0), _outlines(tiles)))
                for tile in tiles:
                    page.scans.append(self._ocr_client.start(tile, wait.queue_key))
            await wait_for_readings(attachments, wait)
        except BaseException:
            abandon_scans(attachments)
            raise
        for scan in scans_of(attachments):
            if scan.refusal is not None:
                raise scan.refusal
        if not any(page.is_read for page in attachments):
            return []
        return [page.merged_reading(file_id) for page in attachments]

    async def _decode_inline(self, load: _Load) -> None:
        """Decodes base64 parts and lets the base64 go, which is a third larger."""
        for position, part in load.pending:
            if file_id_of(part) is None and not is_remote(part):
                with errors_name(position):
                    load.inline[position] = await self.image_processor.decode(*part.take())

    async def _load_for_engine(self, load: _Load, reads_all: bool) -> None:
        budget = Budget(self._image_tokens)
        try:
            async with asyncio.timeout(MEDIA_SECONDS):
                while load.pending and not budget.is_spent:
                    position, part = load.pending.pop()
                    with errors_name(position):
                        data = await self._bytes_of(load, position, part)
                        pictures = await self.image_processor.prepare(data, load.queue_key)
                    for tiles in reversed(_by_page(pictures)):
                        fitted = await self._fit(tiles, budget, load.queue_key)
                        page = Attachment(position, _outlines(tiles), fitted)
                        load.loaded.append(page)
                        if reads_all or page.is_document or not page.is_whole:
                            page.scans = self._start_scans(tiles, load.queue_key)
                    check_page_count(load.loaded, position, self._max_images)
        except TimeoutError:
            raise RequestTimeout(
                f"The pictures were not ready within {MEDIA_SECONDS:g} s; send fewer or smaller "
                "ones.",
                details={"limit": MEDIA_SECONDS, "name": "seconds"},
            ) from None

    async def _load_for_ocr(self, load: _Load) -> None:
        if not self._ocr_client.is_on:
            return
        last = len(load.loaded) + MAX_EARLIER
        with suppress(TimeoutError):
            async with asyncio.timeout(EARLIER_SECONDS):
                while load.pending and len(load.loaded) < last:
                    position, part = load.pending[-1]
                    with errors_name(position):
                        data = await self._bytes_of(load, position, part)
                        pictures = await self._for_ocr(data, load.queue_key)
                    load.pending.pop()
                    for tiles in reversed(_by_page(pictures)):
                        scans = self._start_scans(tiles, load.queue_key)
                        load.loaded.append(Attachment(position, _outlines(tiles), scans=scans))
                    check_page_count(load.loaded, position, self._max_images)

    async def _bytes_of(self, load: _Load, position: PartPosition, part: MediaPart) -> bytes:
        """The file's bytes: from the request, from an upload, or from an http(s) address."""
        if data := load.inline.pop(position, b""):
            return data
        if (file_id := file_id_of(part)) is not None:
            return await asyncio.to_thread(self._files.content, load.owner, file_id)
        assert self._remote_images is not None, "check_parts refuses remote pictures"
        return await self._remote_images.fetch(part.url)

    async def _for_ocr(self, data: bytes, queue_key: str) -> list[Picture]:
        """The pictures that OCR needs: without their bytes where it has read them before."""
        outlines = await self.image_processor.outlines(data)
        if outlines is not None and all(
            self._ocr_client.remembers(outline.sha256) for outline in outlines
        ):
            return outlines
        return await self.image_processor.prepare(data, queue_key)

    async def _fit(self, tiles: Sequence[Picture], budget: Budget, queue_key: str) -> list[Picture]:
        """The tiles that the budget allows, scaled down where it must be. A document takes none of
        it."""
        fitted = []
        for tile in reversed(tiles):
            if tile.is_document:
                fitted.append(tile.outline)
            elif tokens := budget.grant(tile.tokens):
                fitted.append(await self.image_processor.shrink(tile, tokens, queue_key))
        return fitted[::-1]

    def _start_scans(self, tiles: Sequence[Picture], queue_key: str) -> list[OCRScan | None]:
        """None for tiles that the queue has no room for: the engine sees the picture itself."""
        scans: list[OCRScan | None] = []
        for tile in tiles:
            try:
                scans.append(self._ocr_client.start(tile, queue_key))
            except QueueFull:
                scans.append(None)
        return scans


def _telling(
    on_part: OnReadings, parts: list[tuple[PartPosition, MediaPart]]
) -> Callable[[list[Attachment]], Awaitable[None]]:
    async def told(attachments: list[Attachment]) -> None:
        so_far = Attachments(attachments)
        set_readings(so_far.items, parts)
        await on_part(so_far.readings)

    return told


def _by_page(pictures: list[Picture]) -> list[list[Picture]]:
    """The tiles of each page; an image is one page."""
    return [list(tiles) for _, tiles in groupby(pictures, lambda picture: picture.page)]


def _outlines(pictures: list[Picture]) -> list[Picture]:
    return [picture.outline for picture in pictures]
