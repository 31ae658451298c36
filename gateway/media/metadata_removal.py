"""Removes the metadata of an image file, whatever its format."""

from collections.abc import Callable

from gateway.media.heic_boxes import strip_heic
from gateway.media.jpeg_segments import strip_gif, strip_jpeg
from gateway.media.metadata import StrippedImage
from gateway.media.png_chunks import strip_png, strip_webp

STRIPPERS: dict[str, Callable[[bytes | bytearray], StrippedImage]] = {
    "image/png": strip_png,
    "image/webp": strip_webp,
    "image/jpeg": strip_jpeg,
    "image/gif": strip_gif,
    "image/heic": strip_heic,
}


def strip_metadata(data: bytes | bytearray, kind: str) -> StrippedImage:
    """The image file without its metadata; `kind` is its media type.

    Raises InvalidImage for a file of too many parts; other damage is left to the decoder. A
    bytearray may be changed, and may share its memory with the result.
    """
    strip = STRIPPERS.get(kind)
    return strip(data) if strip else StrippedImage(data)
