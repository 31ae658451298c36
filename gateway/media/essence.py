"""A file without its metadata, whatever its kind."""

from collections.abc import Callable

from gateway.media.heic_boxes import heic
from gateway.media.jpeg_segments import gif, jpeg
from gateway.media.metadata import Essence
from gateway.media.png_chunks import png, webp

STRIP: dict[str, Callable[[bytes | bytearray], Essence]] = {
    "image/png": png,
    "image/webp": webp,
    "image/jpeg": jpeg,
    "image/gif": gif,
    "image/heic": heic,
}


def essence(data: bytes | bytearray, kind: str) -> Essence:
    """Raises InvalidImage for a container of too many parts; other damage is left to the decoder. A bytearray may be
    changed, and shared with what is returned."""
    strip = STRIP.get(kind)
    return strip(data) if strip else Essence(data)
