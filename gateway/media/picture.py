"""A picture as the engine gets it: PNG or JPEG, upright, scaled, without metadata."""

import hashlib
import math
from dataclasses import dataclass, replace

DAMAGED = "The picture is damaged or cut short; save it again and send that."
# Qwen3-VL uses one token for 32×32 pixels (patch 16, merged 2×2), and two around the picture.
PATCH = 32


@dataclass(frozen=True, slots=True)
class Picture:
    """`scale`: its size divided by the original's. `origin`: the upper left corner of this tile in
    the original, in pixels. `page`: of a PDF, 1 first; None for an image."""

    data: bytes
    content_type: str
    width: int
    height: int
    sha256: str
    scale: float = 1.0
    origin: tuple[int, int] = (0, 0)
    page: int | None = None

    @property
    def tokens(self) -> int:
        return tokens_of(self.width, self.height)

    @property
    def outline(self) -> "Picture":
        """The same picture without its bytes."""
        return replace(self, data=b"")


def tokens_of(width: int, height: int) -> int:
    """Tokens of a picture of so many pixels."""
    return math.ceil(width / PATCH) * math.ceil(height / PATCH) + 2


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
