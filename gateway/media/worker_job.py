"""What a worker is asked, and what it may answer."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from gateway.errors import GatewayError, ImageTooLarge, InvalidImage, PDFTooLarge
from gateway.media.limits import MIB, MediaLimits
from gateway.media.picture import Picture, digest

Task = Literal["image", "pdf", "shrink"]
# Decoded whole, where PNG and JPEG go through memory row by row.
WHOLE = frozenset(("image/webp", "image/heic", "image/gif", "image/bmp"))
PNG_INTERLACE = 28  # offset of the header's last byte (PNG, section 11.2.2)
CLOCK = 2  # seconds by the clock for each of the CPU's
TYPES = frozenset(("image/png", "image/jpeg"))
ERRORS: dict[str, type[GatewayError]] = {
    error.code: error for error in (InvalidImage, ImageTooLarge, PDFTooLarge)
}
OUTLINE = ("content_type", "width", "height", "scale", "origin", "page")


@dataclass(frozen=True, slots=True)
class Job:
    """`kind`: the media type of `data`. `max_tokens`: of a picture that is to shrink."""

    task: Task
    data: bytes | bytearray
    limits: MediaLimits
    kind: str = ""
    max_tokens: int = 0

    @property
    def seconds(self) -> float:
        """Of CPU."""
        return self.limits.pdf_seconds if self.task == "pdf" else self.limits.image_seconds

    @property
    def is_heavy(self) -> bool:
        """Whether it may take hundreds of megabytes."""
        if self.task == "pdf" or self.kind in WHOLE:
            return True
        return self.kind == "image/png" and self.data[PNG_INTERLACE : PNG_INTERLACE + 1] == b"\x01"

    @property
    def head(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "kind": self.kind,
            "max_tokens": self.max_tokens,
            "limits": asdict(self.limits),
        }

    def took_too_long(self) -> InvalidImage:
        what = "PDF" if self.task == "pdf" else "picture"
        return InvalidImage(
            f"The {what} took longer than {self.seconds:g} s to decode; send a simpler one.",
            details={"limit": self.seconds, "name": "seconds"},
        )

    def needs_too_much(self) -> InvalidImage:
        what = "PDF" if self.task == "pdf" else "picture"
        return InvalidImage(
            f"The {what} cannot be decoded within {self.limits.memory_bytes // MIB} MiB of memory; send a simpler one.",
            details={"limit": self.limits.memory_bytes, "name": "memory_bytes"},
        )

    def result_too_large(self, size: int) -> GatewayError:
        error = PDFTooLarge if self.task == "pdf" else ImageTooLarge
        limit = self.limits.result_bytes
        return error(
            f"What was made of the file has {size} bytes; at most {limit}. Send fewer pages or a smaller picture.",
            details={"limit": limit, "size": size, "name": "result_bytes"},
        )


def job_of(head: dict[str, Any], data: bytearray) -> Job:
    return Job(head["task"], data, MediaLimits(**head["limits"]), head["kind"], head["max_tokens"])


def told(pictures: list[Picture]) -> dict[str, Any]:
    """The pictures without their bytes, which follow in the same order."""
    return {
        "pictures": [
            {name: getattr(picture, name) for name in OUTLINE} | {"bytes": len(picture.data)}
            for picture in pictures
        ]
    }


def told_error(error: GatewayError) -> dict[str, Any]:
    return {"error": error.code, "message": error.message, "details": error.details}


def pictures_of(head: dict[str, Any], data: bytearray) -> list[Picture]:
    """What a worker answered, checked. Raises the GatewayError that it told, ValueError, TypeError or KeyError for nonsense."""
    if "error" in head:
        raise ERRORS[head["error"]](str(head["message"]), details=head["details"])
    made, start, whole = [], 0, memoryview(data)
    for outline in head["pictures"]:
        size, content_type, (left, top) = (
            int(outline["bytes"]),
            outline["content_type"],
            outline["origin"],
        )
        if size <= 0 or start + size > len(data) or content_type not in TYPES:
            raise ValueError("a picture that is none")
        content = bytes(whole[start : start + size])
        page = None if outline["page"] is None else int(outline["page"])
        sides = int(outline["width"]), int(outline["height"])
        # The digest is made here: readings are remembered by it, and it must not be another picture's.
        made.append(
            Picture(
                content,
                content_type,
                *sides,
                digest(content),
                float(outline["scale"]),
                (int(left), int(top)),
                page,
            )
        )
        start += size
    if not made:
        raise ValueError("no picture")
    return made


def shrunk(picture: Picture, small: Picture) -> Picture:
    """`small` was made of `picture` alone: its place in the original is the picture's."""
    return replace(
        small, scale=picture.scale * small.scale, origin=picture.origin, page=picture.page
    )
