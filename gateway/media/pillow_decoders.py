"""Decodes HEIC and BMP with Pillow, since this build of libvips does not read them."""

import io
from dataclasses import dataclass

import pillow_heif
from PIL import BmpImagePlugin, Image

from gateway.errors import GatewayError, InvalidImage
from gateway.media.limits import MediaLimits, check_size
from gateway.media.picture import DAMAGED

Image.MAX_IMAGE_PIXELS = None  # check_size is the bound
# Decode only the picture itself.
pillow_heif.options.THUMBNAILS = pillow_heif.options.DEPTH_IMAGES = (
    pillow_heif.options.AUX_IMAGES
) = False

BANDS = {"RGB": 3, "RGBA": 4}


@dataclass(frozen=True, slots=True)
class Pixels:
    """`data` consists of lines of `line` bytes, padding included, and `bands` bytes a pixel: 3 for
    RGB, 4 with alpha. `profile` is an ICC profile or empty."""

    data: bytes | memoryview
    width: int
    height: int
    bands: int
    line: int
    profile: bytes = b""


def decode(data: bytes, kind: str, limits: MediaLimits) -> Pixels:
    """Raises ImageTooLarge or InvalidImage."""
    opener = _open_heic if kind == "image/heic" else _open_bmp
    try:
        return opener(data, limits)
    except (GatewayError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - on damaged files the decoders raise IndexError and others
        raise InvalidImage(DAMAGED, details={"name": "damaged"}) from None


def _open_heic(data: bytes, limits: MediaLimits) -> Pixels:
    opened = pillow_heif.open_heif(data)
    check_size(opened.size[0], opened.size[1], limits)
    profile = opened.info.get("icc_profile") or b""
    bands = BANDS.get(opened.mode, 0)
    # Without a copy, which takes 150 MB for a large picture.
    if bands and opened.stride % bands == 0:
        return Pixels(opened.data, opened.size[0], opened.size[1], bands, opened.stride, profile)
    image = opened.to_pillow()
    return _pixels(image.convert("RGBA" if "A" in image.mode else "RGB"), profile)


def _open_bmp(data: bytes, limits: MediaLimits) -> Pixels:
    """Without alpha, since most programs write nothing useful there."""
    # Not Image.open, which imports modules: the sandbox opens no file.
    opened = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
    check_size(opened.width, opened.height, limits)
    return _pixels(opened if opened.mode == "RGB" else opened.convert("RGB"))


def _pixels(image: Image.Image, profile: bytes = b"") -> Pixels:
    bands = BANDS[image.mode]
    return Pixels(image.tobytes(), image.width, image.height, bands, bands * image.width, profile)
