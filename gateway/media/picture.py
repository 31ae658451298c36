"""A picture as the engine gets it."""

import hashlib
import math
from dataclasses import dataclass, replace

DAMAGED = "The picture is damaged or cut short; save it again and send that."
PATCH = 32  # Qwen3-VL spends one token on 32×32 pixels (patch 16, merged 2×2), and two around the picture


@dataclass(frozen=True, slots=True)
class Picture:
    """`scale` is this size over the original's; `origin` where this tile's corner lies in the original, in pixels."""

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
        """The same without its bytes."""
        return replace(self, data=b"")


def tokens_of(width: int, height: int) -> int:
    return math.ceil(width / PATCH) * math.ceil(height / PATCH) + 2


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
