"""The pictures of a request: found in the messages, fetched, made ready, read, and fitted into the budget."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.chat.request import ChatRequest, FilePart, ImagePart, Message
from gateway.errors import GatewayError, InvalidImage, TooManyImages
from gateway.files.store import FileStore
from gateway.media.budget import share
from gateway.media.merge import whole_reading
from gateway.media.picture import Picture
from gateway.media.reader import Reader
from gateway.media.studio import Studio

if TYPE_CHECKING:
    from gateway.media.remote import RemoteImages

Place = tuple[int, int]  # message, part
NOT_READ = "[an earlier picture, left out]"


@dataclass(slots=True)
class Shot:
    """One picture as its sender sees it: an image, or a page; several `pictures` where it was cut into tiles."""

    place: Place
    label: str
    pictures: list[Picture]
    reading: dict[str, Any] | None = None


@dataclass(slots=True)
class Album:
    shots: list[Shot] = field(default_factory=list)
    # What each shot may cost in the engine: pictures that fit, by place, and notes where a reading must do.
    fitted: dict[Place, list[Picture]] = field(default_factory=dict)
    notes: dict[Place, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.shots)

    @property
    def tokens(self) -> int:
        """What the engine spends on the pictures."""
        return sum(picture.tokens for made in self.fitted.values() for picture in made)

    @property
    def readings(self) -> list[dict[str, Any]]:
        return [shot.reading for shot in self.shots if shot.reading is not None]

    def newest(self, messages: list[Message]) -> list[dict[str, Any]]:
        """Readings of the last message that has pictures, if it is the last the user sent."""
        last = max((number for number, message in enumerate(messages) if message.role == "user"), default=0)
        return [shot.reading for shot in self.shots if shot.reading is not None and shot.place[0] == last]


class Gatherer:
    def __init__(
        self,
        studio: Studio,
        files: FileStore,
        reader: Reader,
        max_images: int,
        image_tokens: int,
        remote: "RemoteImages | None" = None,
    ) -> None:
        self.studio = studio
        self._files = files
        self._reader = reader
        self._max_images = max_images
        self._image_tokens = image_tokens
        self._remote = remote  # None: remote pictures are refused

    async def gather(self, request: ChatRequest, owner: str, reading_wait: float | None) -> Album:
        """`reading_wait`: seconds to wait for readings, None for no readings. Raises the contract's media errors."""
        self._check_count(request.messages)
        album = Album()
        sent = await self._decoded(request.messages)
        for place, part in _media_parts(request.messages):
            album.shots += await self._shots(place, part, sent.pop(place, None), owner, len(album.shots))
        self._check_pages(album)
        if reading_wait is not None and album.shots:
            await asyncio.gather(*(self._read(shot, reading_wait) for shot in album.shots))
        await self._fit(album)
        return album

    async def _decoded(self, messages: list[Message]) -> dict[Place, bytes]:
        """What came inside the request, in the place of its base64, which is a third larger and not kept beside it."""
        sent: dict[Place, bytes] = {}
        for place, part in _media_parts(messages):
            url = part.image_url.url if isinstance(part, ImagePart) else part.file.file_data
            if url is None or _is_remote(url):
                continue
            sent[place] = await self.studio.decode(url, _param(place))
            if isinstance(part, ImagePart):
                part.image_url.url = ""
            else:
                part.file.file_data = ""
        return sent

    async def _shots(
        self, place: Place, part: ImagePart | FilePart, data: bytes | None, owner: str, count: int
    ) -> list[Shot]:
        """`data`: the picture, where it came inside the request."""
        param = _param(place)
        try:
            label = f"image-{count + 1}"
            if data is None:
                label, data = await self._fetched(part, owner, label, param)
            pictures = await self.studio.prepare(data)
        except GatewayError as error:
            error.param = error.param or param
            raise
        return _shots_of(place, label, pictures)

    async def readings(self, file_id: str, data: bytes, wait: float) -> list[dict[str, Any]]:
        """What the reader finds in one file, a reading a page; empty where none came within `wait` seconds."""
        shots = _shots_of((0, 0), file_id, await self.studio.prepare(data))
        await asyncio.gather(*(self._read(shot, wait) for shot in shots))
        return [shot.reading for shot in shots if shot.reading is not None]

    async def _fetched(self, part: ImagePart | FilePart, owner: str, label: str, param: str) -> tuple[str, bytes]:
        """Label and bytes of an uploaded file, or of what stands at an http(s) address."""
        if isinstance(part, FilePart) and part.file.file_id is not None:
            return part.file.file_id, await asyncio.to_thread(self._files.content, owner, part.file.file_id)
        url = part.image_url.url if isinstance(part, ImagePart) else part.file.file_data or ""
        if self._remote is not None:
            return label, await self._remote.fetch(url)
        raise InvalidImage(
            "Pictures from http(s) addresses are not fetched here; send a data URL or a file.", param=param
        )

    async def _read(self, shot: Shot, wait: float) -> None:
        readings = await asyncio.gather(
            *(
                self._reader.reading(picture.sha256, picture.data, picture.content_type, wait)
                for picture in shot.pictures
            )
        )
        if any(reading is not None for reading in readings):
            shot.reading = whole_reading(shot.label, shot.pictures, readings)

    async def _fit(self, album: Album) -> None:
        flat = [(shot, picture) for shot in album.shots for picture in shot.pictures]
        granted = share([picture.tokens for _, picture in flat], self._image_tokens)
        for (shot, picture), tokens in zip(flat, granted, strict=True):
            if tokens:
                fitted = picture if tokens >= picture.tokens else await self.studio.shrink(picture, tokens)
                album.fitted.setdefault(shot.place, []).append(fitted)
            elif shot.place not in album.notes:
                text = "\n".join(str(line["text"]) for line in (shot.reading or {}).get("lines", ()))
                album.notes[shot.place] = f"[an earlier picture; it reads:\n{text[:2000]}]" if text else NOT_READ

    def _check_count(self, messages: list[Message]) -> None:
        for number, message in enumerate(messages):
            count = sum(isinstance(part, ImagePart | FilePart) for part in message.parts)
            if count > self._max_images:
                raise self._too_many(count, number)

    def _check_pages(self, album: Album) -> None:
        for number in {shot.place[0] for shot in album.shots}:
            count = sum(shot.place[0] == number for shot in album.shots)
            if count > self._max_images:
                raise self._too_many(count, number)

    def _too_many(self, count: int, number: int) -> TooManyImages:
        return TooManyImages(
            f"One message has {count} pictures or pages; at most {self._max_images} are taken (MAX_IMAGES).",
            param=f"messages.{number}.content",
        )


def _shots_of(place: Place, label: str, pictures: list[Picture]) -> list[Shot]:
    if pictures[0].page is None:
        return [Shot(place, label, pictures)]
    return [Shot(place, label, [picture]) for picture in pictures]


def _is_remote(url: str) -> bool:
    return url[:8].lower().startswith(("http:", "https:"))


def _param(place: Place) -> str:
    return f"messages.{place[0]}.content.{place[1]}"


def _media_parts(messages: list[Message]) -> Iterator[tuple[Place, ImagePart | FilePart]]:
    for number, message in enumerate(messages):
        for index, part in enumerate(message.parts):
            if isinstance(part, ImagePart | FilePart):
                yield (number, index), part
