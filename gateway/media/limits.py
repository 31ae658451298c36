"""Bounds on images and documents."""

from dataclasses import dataclass

from gateway.errors import ImageTooLarge

MAX_SIDE = 30_000  # longest side that is decoded at all
# A longer image, such as a scrolled screenshot, is cut into tiles: scaled down, it is unreadable.
LONG_RATIO = 3.0
MAX_TILES = 4
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class MediaLimits:
    max_bytes: int = 20 * MIB
    max_pixels: int = 50_000_000
    scale_to_side: int = 2048
    memory_bytes: int = 1024 * MIB  # of one job; the largest accepted WebP needs 800 MiB
    # Both in CPU seconds; worker_job.WALL_FACTOR times as many by the clock.
    image_seconds: float = 10.0
    pdf_max_pages: int = 8
    pdf_seconds: float = 20.0
    result_bytes: int = 64 * MIB  # of all pictures of one file


def check_size(width: int, height: int, limits: MediaLimits) -> None:
    """Checks pixels named by the header, before any is decoded. Raises ImageTooLarge."""
    if width > MAX_SIDE or height > MAX_SIDE:
        raise ImageTooLarge(
            f"The picture is {width}×{height}; no side may have more than {MAX_SIDE} pixels.",
            details={"limit": MAX_SIDE, "size": max(width, height), "name": "side"},
        )
    if width * height > limits.max_pixels:
        raise ImageTooLarge(
            f"The picture is {width}×{height}, {width * height} pixels; "
            f"at most {limits.max_pixels} (IMAGE_MAX_PIXELS).",
            details={
                "limit": limits.max_pixels,
                "size": width * height,
                "name": "IMAGE_MAX_PIXELS",
            },
        )
