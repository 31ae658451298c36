"""A job for an image worker, and the messages that carry it and its result."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from gateway.errors import (
    GatewayError,
    ImageTooLarge,
    InvalidImage,
    PDFTooLarge,
    UnsupportedMediaType,
)
from gateway.media.content_check import checked_content, content_bytes
from gateway.media.limits import MIB, MediaLimits
from gateway.media.picture import DOCUMENT_TYPES, Picture, digest

Task = Literal["image", "pdf", "document", "shrink"]
# Decoded as a whole; PNG and JPEG are decoded line by line.
DECODED_WHOLE = frozenset(("image/webp", "image/heic", "image/gif", "image/bmp"))
PNG_INTERLACE = 28  # offset of the header's last byte (PNG, section 11.2.2)
WALL_FACTOR = 2  # seconds by the clock for each second of CPU, since workers have low priority
RESULT_TYPES = frozenset(("image/png", "image/jpeg"))
ERRORS: dict[str, type[GatewayError]] = {
    error.code: error for error in (InvalidImage, ImageTooLarge, PDFTooLarge, UnsupportedMediaType)
}
OUTLINE = ("content_type", "width", "height", "scale", "origin", "page")


@dataclass(frozen=True, slots=True)
class Job:
    """`kind`: the media type of `data`. `max_tokens`: the bound of a picture that is shrunk."""

    task: Task
    data: bytes | bytearray
    limits: MediaLimits
    kind: str = ""
    max_tokens: int = 0

    @property
    def ends_worker(self) -> bool:
        """Whether the process ends after the job: nothing of one document is left for the next."""
        return self.task in ("pdf", "document")

    @property
    def seconds(self) -> float:
        """CPU seconds that the job may take."""
        return self.limits.pdf_seconds if self.ends_worker else self.limits.image_seconds

    @property
    def is_heavy(self) -> bool:
        """Whether the job may take hundreds of megabytes."""
        if self.task == "pdf" or self.kind in DECODED_WHOLE:
            return True
        return self.kind == "image/png" and self.data[PNG_INTERLACE : PNG_INTERLACE + 1] == b"\x01"

    @property
    def head(self) -> dict[str, Any]:
        """The job as JSON, without `data`."""
        return {
            "task": self.task,
            "kind": self.kind,
            "max_tokens": self.max_tokens,
            "limits": asdict(self.limits),
        }

    @property
    def _name(self) -> str:
        return {"pdf": "PDF", "document": "document"}.get(self.task, "picture")

    def took_too_long(self) -> InvalidImage:
        return InvalidImage(
            f"The {self._name} took longer than {self.seconds:g} s to decode; send a simpler one.",
            details={"limit": self.seconds, "name": "seconds"},
        )

    def needs_too_much(self) -> InvalidImage:
        limit = self.limits.memory_bytes
        return InvalidImage(
            f"The {self._name} cannot be decoded within {limit // MIB} MiB of memory; "
            "send a simpler one.",
            details={"limit": limit, "name": "memory_bytes"},
        )

    def result_too_large(self, size: int) -> GatewayError:
        error = PDFTooLarge if self.task == "pdf" else ImageTooLarge
        limit = self.limits.result_bytes
        return error(
            f"The decoded pictures have {size} bytes; at most {limit}. "
            "Send fewer pages or a smaller picture.",
            details={"limit": limit, "size": size, "name": "result_bytes"},
        )


def task_of(kind: str) -> Task:
    """The task for a file of this media type."""
    if kind in DOCUMENT_TYPES:
        return "document"
    return "pdf" if kind == "application/pdf" else "image"


def job_of(head: dict[str, Any], data: bytearray) -> Job:
    """The job of a message; the inverse of `Job.head`."""
    return Job(head["task"], data, MediaLimits(**head["limits"]), head["kind"], head["max_tokens"])


def result_parts(pictures: list[Picture]) -> list[bytes]:
    """The bytes of a result: each picture, followed by its content."""
    return [part for picture in pictures for part in (picture.data, content_bytes(picture.content))]


def result_head(pictures: list[Picture]) -> dict[str, Any]:
    """The head of a result: the pictures without their bytes, which follow in the same order
    (`result_parts`)."""
    return {
        "pictures": [
            {name: getattr(picture, name) for name in OUTLINE}
            | {"bytes": len(picture.data), "content": len(content_bytes(picture.content))}
            for picture in pictures
        ]
    }


def error_head(error: GatewayError) -> dict[str, Any]:
    return {"error": error.code, "message": error.message, "details": error.details}


def pictures_of(head: dict[str, Any], data: bytearray) -> list[Picture]:
    """The result of a worker, which is not trusted. Raises the GatewayError that the worker sent;
    ValueError, TypeError or KeyError for nonsense."""
    if "error" in head:
        raise ERRORS[head["error"]](str(head["message"]), details=head["details"])
    pictures, start, view = [], 0, memoryview(data)
    for outline in head["pictures"]:
        size, more = int(outline["bytes"]), int(outline["content"])
        middle, end = start + size, start + size + more
        if size < 0 or more < 0 or size + more == 0 or end > len(data):
            raise ValueError("bytes of a picture")
        pictures.append(_picture(outline, bytes(view[start:middle]), bytes(view[middle:end])))
        start = end
    if not pictures:
        raise ValueError("no picture")
    return pictures


def _picture(outline: dict[str, Any], data: bytes, content: bytes) -> Picture:
    kind = outline["content_type"]
    if kind not in (RESULT_TYPES if data else DOCUMENT_TYPES):
        raise ValueError("type of a picture")
    left, top = outline["origin"]
    return Picture(
        data=data,
        content_type=kind,
        width=int(outline["width"]),
        height=int(outline["height"]),
        # Made here: readings are remembered by it, so a worker must not name another picture's.
        sha256=digest(data + content),
        scale=float(outline["scale"]),
        origin=(int(left), int(top)),
        page=None if outline["page"] is None else int(outline["page"]),
        content=checked_content(content) if content else None,
    )


def in_original(small: Picture, picture: Picture) -> Picture:
    """`small`, which was made of `picture`, with its scale and origin in the original file."""
    return replace(
        small, scale=picture.scale * small.scale, origin=picture.origin, page=picture.page
    )
