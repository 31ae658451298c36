"""A picture as the engine gets it: PNG or JPEG, upright, scaled, without metadata."""

import hashlib
import math
from dataclasses import dataclass, replace
from typing import Any

DAMAGED = "The picture is damaged or cut short; save it again and send that."
# Qwen3-VL uses one token for 32×32 pixels (patch 16, merged 2×2), and two around the picture.
PATCH = 32

LINE_BYTES = 600  # of a line beside its text: three objects and a list of numbers
DOCUMENT_TYPES = frozenset(("application/ofd", "application/xml"))
# {lines: [{text, box, confidence}], …} in a picture's own pixels (docs/architecture.md, "The reader
# seam").
Reading = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """`scale`: its size divided by the original's. `origin`: the upper left corner of this tile in
    the original, in pixels. `page`: of a PDF, 1 first; None for an image.

    `content`: what the file itself says, such as the text layer of a PDF's page; None where OCR
    must read the picture. `sha256` is of the picture and its content.

    A document that has no picture, such as an XML invoice, is one without `data`.
    """

    data: bytes
    content_type: str
    width: int
    height: int
    sha256: str
    scale: float = 1.0
    origin: tuple[int, int] = (0, 0)
    page: int | None = None
    content: Reading | None = None

    @property
    def is_document(self) -> bool:
        """Whether it is text only, which no engine gets as a picture."""
        return self.content_type in DOCUMENT_TYPES

    @property
    def content_size(self) -> int:
        """About the bytes that the content takes in memory."""
        lines = self.content["lines"] if self.content else ()
        return sum(LINE_BYTES + 4 * len(line["text"]) for line in lines)

    @property
    def tokens(self) -> int:
        return 0 if self.is_document else tokens_of(self.width, self.height)

    @property
    def outline(self) -> "Picture":
        """The same picture without its bytes and its content."""
        return replace(self, data=b"", content=None)


def tokens_of(width: int, height: int) -> int:
    """Tokens of a picture of so many pixels."""
    return math.ceil(width / PATCH) * math.ceil(height / PATCH) + 2


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
