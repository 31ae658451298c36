"""libvips with our settings, and images loaded by it."""

import os
from typing import Any

# Set before libvips loads. Loaders that are not hardened stay off. One thread for each picture: a
# second would save a fifth of the time and take a fifth more memory, and workers run in parallel.
os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")
os.environ.setdefault("VIPS_CONCURRENCY", "1")
os.environ.setdefault("VIPS_DISC_THRESHOLD", "64g")  # a worker may write no file

import pyvips

from gateway.media import pillow_decoders
from gateway.media.limits import MediaLimits
from gateway.media.metadata import MAX_PROFILE_BYTES

__all__ = ["load", "load_lazily", "pyvips"]

pyvips.cache_set_max(0)  # a cache would only keep customers' pictures in memory

LOADERS = {
    "image/jpeg": "jpegload_source",
    "image/png": "pngload_source",
    "image/webp": "webpload_source",
    "image/gif": "gifload_source",
}


def load(data: bytes | bytearray | memoryview, kind: str, limits: MediaLimits) -> Any:
    """The image of a file of this media type. Raises pyvips.Error, ImageTooLarge or
    InvalidImage."""
    return load_lazily(data, kind) if kind in LOADERS else _load_pixels(data, kind, limits)


def load_lazily(data: bytes | bytearray | memoryview, kind: str, **options: int) -> Any:
    """The image, decoded line by line while it is processed: not all pixels are in memory at once.
    Loaded from a source, since pyvips copies a buffer."""
    if kind in ("image/gif", "image/webp"):
        options["n"] = 1  # the first frame
    source = pyvips.Source.new_from_memory(data)
    return getattr(pyvips.Image, LOADERS[kind])(
        source, access="sequential", fail_on="truncated", **options
    )


def _load_pixels(data: bytes | bytearray | memoryview, kind: str, limits: MediaLimits) -> Any:
    """An image in a format that libvips does not read, with all pixels in memory."""
    pixels = pillow_decoders.decode(bytes(data), kind, limits)
    padded = pyvips.Image.new_from_memory(
        pixels.data, pixels.line // pixels.bands, pixels.height, pixels.bands, "uchar"
    )
    image = padded.copy(interpretation="srgb").crop(0, 0, pixels.width, pixels.height)
    if 0 < len(pixels.profile) <= MAX_PROFILE_BYTES:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", pixels.profile)
    return image
