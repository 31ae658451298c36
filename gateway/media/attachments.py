"""The pictures of a request as they are read and shown, and how long their readings are waited for."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from gateway.media.ocr_scan import OCRScan, Waiting
from gateway.media.picture import Picture
from gateway.media.reading_merge import whole_reading
from gateway.openai.chat_request import Message
from gateway.throttling.fair_queue import Moved

Place = tuple[int, int]  # message, part
NOTE_CHARACTERS = 2000  # of one reading that stands for its picture


@dataclass(slots=True)
class Attachment:
    """One picture as its sender sees it: an image, or a page; several `pictures` where it was cut into tiles, each an outline without
    bytes. `fitted` is what of it the engine gets."""

    place: Place
    pictures: list[Picture]
    fitted: list[Picture] = field(default_factory=list)
    scans: list[OCRScan | None] = field(default_factory=list)
    reading: dict[str, Any] | None = None

    @property
    def is_whole(self) -> bool:
        return len(self.fitted) == len(self.pictures)

    @property
    def note(self) -> str:
        reading = self.reading or {}
        text = "\n".join(str(line["text"]) for line in reading.get("lines", ()))
        reads = "a part of it reads" if reading.get("partial") else "it reads"
        return f"[an earlier picture; {reads}:\n{text[:NOTE_CHARACTERS]}]" if text else ""

    @property
    def is_read(self) -> bool:
        """At least in part."""
        return any(scan is not None and scan.reading is not None for scan in self.scans)

    def read_as(self, label: str) -> dict[str, Any]:
        return whole_reading(
            label, self.pictures, [scan.reading if scan else None for scan in self.scans]
        )


@dataclass(slots=True)
class Attachments:
    shots: list[Attachment] = field(default_factory=list)
    notes: dict[Place, str] = field(default_factory=dict)  # where a reading must do

    @property
    def count(self) -> int:
        return len(self.shots)

    @property
    def fitted(self) -> dict[Place, list[Picture]]:
        """What the engine gets in each place."""
        found: dict[Place, list[Picture]] = {}
        for shot in self.shots:
            if shot.fitted:
                found.setdefault(shot.place, []).extend(shot.fitted)
        return found

    @property
    def readings(self) -> list[dict[str, Any]]:
        return [shot.reading for shot in self.shots if shot.reading is not None]

    def newest(self, messages: list[Message]) -> list[dict[str, Any]]:
        """Readings of the last message that has pictures, if it is the last the user sent."""
        last = max(
            (number for number, message in enumerate(messages) if message.role == "user"), default=0
        )
        return [
            shot.reading
            for shot in self.shots
            if shot.reading is not None and shot.place[0] == last
        ]

    def leave(self) -> None:
        """Nobody waits for the answer: what nobody else wants is not read on."""
        leave(self.shots)


@dataclass(frozen=True, slots=True)
class Patience:
    """How a question waits for its readings: `seconds` for all of them, then `more` seconds for every
    picture or document of which nothing has been read. `owner` is whose turn it is in the reader's
    queue; `moved` is told the place there."""

    owner: str
    seconds: float
    more: float = 0.0
    moved: Moved | None = None


async def wait_for(shots: list[Attachment], patience: Patience) -> None:
    """What is not read by the end goes on, and is there for the next question."""
    scans = scans_of(shots)
    waiting = Waiting(scans, patience.moved)
    await waiting.until(lambda: False, patience.seconds)
    if patience.more:
        await waiting.until(lambda: all(map(_has_something, _by_place(shots))), patience.more)


def _by_place(shots: list[Attachment]) -> list[list[Attachment]]:
    return [list(here) for _, here in groupby(shots, lambda shot: shot.place)]


def _has_something(shots: list[Attachment]) -> bool:
    """Whether a part of it is read, or nothing of it will be."""
    return any(shot.is_read for shot in shots) or all(scan.is_done for scan in scans_of(shots))


def scans_of(shots: list[Attachment]) -> list[OCRScan]:
    return [scan for shot in shots for scan in shot.scans if scan is not None]


def leave(shots: list[Attachment]) -> None:
    for scan in scans_of(shots):
        scan.leave()
