"""The pictures of a request: what the engine gets of them, and what OCR has read in them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gateway.media.ocr_scan import OCRScan
from gateway.media.picture import Picture
from gateway.media.reading_merge import whole_reading
from gateway.openai.messages import Message

PartPosition = tuple[int, int]  # (index of the message, index of its content part)
NOTE_CHARACTERS = 2000  # of one reading that replaces its picture


@dataclass(slots=True)
class Attachment:
    """One image, one page of a PDF, or a document without pictures.

    `pictures` are its tiles, one for most images, without their bytes. `fitted` are the pictures
    that the engine gets: all, or fewer where the engine's tokens ran out. A document has one
    picture, without bytes: the engine gets its reading. `scans` are the OCR jobs,
    one a tile; None where there is no OCR client or its queue was full.
    """

    position: PartPosition
    pictures: list[Picture]
    fitted: list[Picture] = field(default_factory=list)
    scans: list[OCRScan | None] = field(default_factory=list)
    reading: dict[str, Any] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the engine gets all of it."""
        return len(self.fitted) == len(self.pictures)

    @property
    def is_document(self) -> bool:
        return self.pictures[0].is_document

    @property
    def is_read(self) -> bool:
        """Whether at least a part of it has been read."""
        return any(scan is not None and scan.reading is not None for scan in self.scans)

    @property
    def note(self) -> str:
        """The text that the engine gets in place of the picture; empty if nothing was read."""
        reading = self.reading or {}
        text = "\n".join(str(line["text"]) for line in reading.get("lines", ()))
        reads = "a part of it reads" if reading.get("partial") else "it reads"
        name = "a document" if self.is_document else "an earlier picture"
        return f"[{name}; {reads}:\n{text[:NOTE_CHARACTERS]}]" if text else ""

    def merged_reading(self, label: str) -> dict[str, Any]:
        """The readings of all tiles as one (reading_merge.py). `label` names the picture in it."""
        readings = [scan.reading if scan else None for scan in self.scans]
        return whole_reading(label, self.pictures, readings)


@dataclass(slots=True)
class Attachments:
    """`items` in the order of the request. `notes`: the text in place of pictures that the engine
    does not get, by position."""

    items: list[Attachment] = field(default_factory=list)
    notes: dict[PartPosition, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.items)

    @property
    def fitted(self) -> dict[PartPosition, list[Picture]]:
        """The pictures that the engine gets, by position."""
        found: dict[PartPosition, list[Picture]] = {}
        for attachment in self.items:
            if attachment.fitted and not attachment.is_document:
                found.setdefault(attachment.position, []).extend(attachment.fitted)
        return found

    @property
    def document_notes(self) -> dict[PartPosition, str]:
        """The text of each document, by position, for an engine that gets no readings."""
        return {
            attachment.position: attachment.note
            for attachment in self.items
            if attachment.is_document and attachment.note
        }

    @property
    def readings(self) -> list[dict[str, Any]]:
        return [attachment.reading for attachment in self.items if attachment.reading is not None]

    def newest(self, messages: list[Message]) -> list[dict[str, Any]]:
        """Readings of the pictures in the user's last message."""
        last = max(
            (number for number, message in enumerate(messages) if message.role == "user"), default=0
        )
        return [
            attachment.reading
            for attachment in self.items
            if attachment.reading is not None and attachment.position[0] == last
        ]

    def abandon_scans(self) -> None:
        """Nobody waits for the answer any more: OCR that nobody else waits for is cancelled."""
        abandon_scans(self.items)


def scans_of(attachments: Iterable[Attachment]) -> list[OCRScan]:
    return [scan for attachment in attachments for scan in attachment.scans if scan is not None]


def abandon_scans(attachments: Iterable[Attachment]) -> None:
    for scan in scans_of(attachments):
        scan.leave()
