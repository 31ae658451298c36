"""The pictures of a request, the newest first: those that the engine gets, made ready and fitted into the budget, and of all others,
which nobody needs to hold, what they read."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import TYPE_CHECKING, Any

from gateway.errors import GatewayError, InvalidImage, QueueFull, RequestTimeout, TooManyImages
from gateway.media.attachments import (
    Attachment,
    Attachments,
    Patience,
    Place,
    leave,
    scans_of,
    wait_for,
)
from gateway.media.budget import Budget
from gateway.media.image_processor import ImageProcessor
from gateway.media.ocr_client import OCRClient
from gateway.media.ocr_scan import OCRScan
from gateway.media.picture import Picture
from gateway.openai.chat_request import ChatRequest, FilePart, ImagePart, Message
from gateway.storage.file_store import FileStore

if TYPE_CHECKING:
    from gateway.media.remote import RemoteImages

Part = ImagePart | FilePart
NOT_READ = "[an earlier picture, left out]"
MEDIA_SECONDS = 60.0  # for the pictures that the engine gets
EARLIER_SECONDS = 5.0  # for all others; whose reading is not begun by then is left out
MAX_EARLIER = 32  # the same in pictures and pages


class AttachmentLoader:
    def __init__(
        self,
        image_processor: ImageProcessor,
        files: FileStore,
        reader: OCRClient,
        max_images: int,
        image_tokens: int,
        remote: "RemoteImages | None" = None,
    ) -> None:
        self.image_processor = image_processor
        self._files = files
        self._reader = reader
        self._max_images = max_images
        self._image_tokens = image_tokens
        self._remote = remote  # None: remote pictures are refused

    async def gather(
        self, request: ChatRequest, owner: str, patience: Patience, reads_all: bool
    ) -> Attachments:
        """`owner` is whose files are found. Readings are of all pictures, or only of those that the
        engine does not get. Raises the contract's media errors."""
        parts = list(_media_parts(request.messages))
        if not parts:
            return Attachments()
        self._check(request.messages, parts)
        left = parts.copy()
        found: list[Attachment] = []  # the newest first
        try:
            sent = await self._sent(parts)
            await self._show(left, sent, found, owner, patience.owner, reads_all)
            await self._recall(left, sent, found, owner, patience.owner)
            attachments = Attachments(found[::-1])
            await wait_for(attachments.shots, patience)
        except BaseException:
            leave(found)
            raise
        _label(attachments.shots, parts)
        attachments.notes = dict.fromkeys((place for place, _ in left), NOT_READ) | self._notes(
            attachments.shots
        )
        return attachments

    async def readings(self, file_id: str, data: bytes, patience: Patience) -> list[dict[str, Any]]:
        """What the reader finds in one file, a reading a page; empty where none came in time. Raises QueueFull."""
        shots: list[Attachment] = []
        try:
            for made in _shots(await self._recalled(data, patience.owner)):
                shots.append(shot := Attachment((0, 0), _outlines(made)))
                for picture in made:
                    shot.scans.append(self._reader.start(picture, patience.owner))
            await wait_for(shots, patience)
        except BaseException:
            leave(shots)
            raise
        refused = [scan.refused for scan in scans_of(shots) if scan.refused is not None]
        if refused:
            raise refused[0]
        return (
            [shot.read_as(file_id) for shot in shots] if any(shot.is_read for shot in shots) else []
        )

    async def _sent(self, parts: list[tuple[Place, Part]]) -> dict[Place, bytes]:
        """What came inside the request, in the place of its base64, which is a third larger and not kept beside it."""
        sent: dict[Place, bytes] = {}
        for place, part in parts:
            if _file_id(part) is not None or _is_remote(_url(part)):
                continue
            with _naming(place):
                sent[place] = await self.image_processor.decode(*part.take())
        return sent

    async def _show(
        self,
        left: list[tuple[Place, Part]],
        sent: dict[Place, bytes],
        found: list[Attachment],
        owner: str,
        turn: str,
        reads_all: bool,
    ) -> None:
        """Takes from the end of `left` what the engine gets."""
        budget = Budget(self._image_tokens)
        try:
            async with asyncio.timeout(MEDIA_SECONDS):
                while left and not budget.is_spent:
                    place, part = left.pop()
                    with _naming(place):
                        data = sent.pop(place, b"") or await self._fetched(part, owner)
                        pictures = await self.image_processor.prepare(data, turn)
                    for made in reversed(_shots(pictures)):
                        shot = Attachment(
                            place, _outlines(made), await self._fitted(made, budget, turn)
                        )
                        found.append(shot)
                        if reads_all or not shot.is_whole:
                            shot.scans = self._begin(made, turn)
                    self._check_pages(found, place)
        except TimeoutError:
            raise RequestTimeout(
                f"The pictures were not ready within {MEDIA_SECONDS:g} s; send fewer or smaller ones.",
                details={"limit": MEDIA_SECONDS, "name": "seconds"},
            ) from None

    async def _recall(
        self,
        left: list[tuple[Place, Part]],
        sent: dict[Place, bytes],
        found: list[Attachment],
        owner: str,
        turn: str,
    ) -> None:
        """Takes from the end of `left` what a reading stands for; one at a time, so that no more is held than one."""
        if not self._reader.reads:
            return
        last = len(found) + MAX_EARLIER
        with suppress(TimeoutError):
            async with asyncio.timeout(EARLIER_SECONDS):
                while left and len(found) < last:
                    place, part = left[-1]
                    with _naming(place):
                        data = sent.pop(place, b"") or await self._fetched(part, owner)
                        pictures = await self._recalled(data, turn)
                    left.pop()
                    for made in reversed(_shots(pictures)):
                        found.append(
                            Attachment(place, _outlines(made), scans=self._begin(made, turn))
                        )
                    self._check_pages(found, place)

    async def _recalled(self, data: bytes, turn: str) -> list[Picture]:
        """The pictures to be read; outlines where they were read before."""
        outlines = await self.image_processor.outlines(data)
        if outlines is not None and all(
            self._reader.remembers(outline.sha256) for outline in outlines
        ):
            return outlines
        return await self.image_processor.prepare(data, turn)

    async def _fetched(self, part: Part, owner: str) -> bytes:
        """The bytes of an uploaded file, or of what stands at an http(s) address."""
        if (file_id := _file_id(part)) is not None:
            return await asyncio.to_thread(self._files.content, owner, file_id)
        assert self._remote is not None  # else it was refused before
        return await self._remote.fetch(_url(part))

    async def _fitted(self, pictures: list[Picture], budget: Budget, turn: str) -> list[Picture]:
        fitted = []
        for picture in reversed(pictures):
            if tokens := budget.grant(picture.tokens):
                fitted.append(
                    picture
                    if tokens >= picture.tokens
                    else await self.image_processor.shrink(picture, tokens, turn)
                )
        return fitted[::-1]

    def _begin(self, pictures: list[Picture], turn: str) -> list[OCRScan | None]:
        """What the queue has no place for goes on without its reading: the engine sees the picture itself."""
        scans: list[OCRScan | None] = []
        for picture in pictures:
            try:
                scans.append(self._reader.start(picture, turn))
            except QueueFull:
                scans.append(None)
        return scans

    def _notes(self, shots: list[Attachment]) -> dict[Place, str]:
        """The newest first have room: half as many characters as pictures have tokens, since a Chinese one may be a token."""
        room = self._image_tokens // 2
        notes: dict[Place, list[str]] = {}
        for shot in reversed(shots):
            if not shot.is_whole:
                note = shot.note if len(shot.note) <= room else ""
                room -= len(note)
                notes.setdefault(shot.place, []).insert(0, note)
        return {place: "\n".join(filter(None, texts)) or NOT_READ for place, texts in notes.items()}

    def _check(self, messages: list[Message], parts: list[tuple[Place, Part]]) -> None:
        for place, part in parts:
            if self._remote is None and _is_remote(_url(part)):
                raise InvalidImage(
                    "Pictures from http(s) addresses are not fetched here; send a data URL or a file.",
                    param=_param(place),
                    details={"name": "ALLOW_REMOTE_IMAGES"},
                )
        for number, message in enumerate(messages):
            count = len(message.media)
            if count > self._max_images:
                raise self._too_many(count, number)

    def _check_pages(self, found: list[Attachment], place: Place) -> None:
        count = sum(shot.place[0] == place[0] for shot in found)
        if count > self._max_images:
            raise self._too_many(count, place[0])

    def _too_many(self, count: int, number: int) -> TooManyImages:
        return TooManyImages(
            f"One message has {count} pictures or pages; at most {self._max_images} are taken (MAX_IMAGES).",
            param=f"messages.{number}.content",
            details={"limit": self._max_images, "size": count, "name": "MAX_IMAGES"},
        )


def _label(shots: list[Attachment], parts: list[tuple[Place, Part]]) -> None:
    """Gives each shot its reading, under its file's id or its number among all pictures and pages.
    A page that is not read yet has an empty reading, `partial`, where others of its document are."""
    number = 1
    for place, part in parts:
        here = [shot for shot in shots if shot.place == place]
        is_read = any(shot.is_read for shot in here)
        for shot in here:
            if is_read and shot.scans:
                shot.reading = shot.read_as(_file_id(part) or f"image-{number}")
        number += len(here) or 1


def _shots(pictures: list[Picture]) -> list[list[Picture]]:
    """A page's pictures are its tiles; those of an image are all of them."""
    return [list(tiles) for _, tiles in groupby(pictures, lambda picture: picture.page)]


def _outlines(pictures: list[Picture]) -> list[Picture]:
    return [picture.outline for picture in pictures]


@contextmanager
def _naming(place: Place) -> Iterator[None]:
    """Errors name the part that they are about."""
    try:
        yield
    except GatewayError as error:
        error.param = error.param or _param(place)
        raise


def _url(part: Part) -> str:
    return part.url


def _file_id(part: Part) -> str | None:
    return part.file.file_id if isinstance(part, FilePart) else None


def _is_remote(url: str) -> bool:
    return url[:8].lower().startswith(("http:", "https:"))


def _param(place: Place) -> str:
    return f"messages.{place[0]}.content.{place[1]}"


def _media_parts(messages: list[Message]) -> Iterator[tuple[Place, Part]]:
    for number, message in enumerate(messages):
        for index, part in message.media:
            yield (number, index), part
