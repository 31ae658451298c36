"""The bounds that pictures and documents are held to, in one value."""

from dataclasses import dataclass

from gateway.errors import ImageTooLarge

MAX_SIDE = 30_000  # longest side that is decoded at all
LONG_RATIO = 3.0  # a long phone screenshot is cut, not shrunk until nobody can read it
MAX_TILES = 4
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class MediaLimits:
    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 50_000_000
    scale_to_side: int = 2048
    memory_bytes: int = 1024 * MIB  # of one worker; the largest WebP that is taken needs 800
    # CPU seconds; twice as many by the clock, since workers yield to everything else.
    image_seconds: float = 10.0
    pdf_max_pages: int = 8
    pdf_seconds: float = 20.0
    result_bytes: int = 64 * MIB  # all pictures made of one file


def check_size(width: int, height: int, limits: MediaLimits) -> None:
    """By the header alone, before a pixel is decoded. Raises ImageTooLarge."""
    if width > MAX_SIDE or height > MAX_SIDE:
        raise ImageTooLarge(
            f"The picture is {width}×{height}; no side may have more than {MAX_SIDE} pixels.",
            details={"limit": MAX_SIDE, "size": max(width, height), "name": "side"},
        )
    if width * height > limits.max_pixels:
        raise ImageTooLarge(
            f"The picture is {width}×{height}, {width * height} pixels; at most {limits.max_pixels} (IMAGE_MAX_PIXELS).",
            details={
                "limit": limits.max_pixels,
                "size": width * height,
                "name": "IMAGE_MAX_PIXELS",
            },
        )
