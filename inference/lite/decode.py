"""Decodes pictures: known formats only, without metadata, in bounded memory."""

import io
import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray
from PIL import Image

from inference.lite.errors import LiteError
from inference.lite.strip import stripped

Pixels = NDArray[np.uint8]

Image.MAX_IMAGE_PIXELS = None  # `decoded` has its own bound
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MAX_PIXELS = 50_000_000
MAX_SIDE = 30_000
# The WebP decoder holds four pictures of four bytes a pixel.
MAX_PIXELS_OF = {"WEBP": 16_000_000}
READ_PIXELS = 16_000_000  # larger pictures are scaled down
STRIP_PIXELS = 1_000_000  # flattened at once
VISIBLE = 63  # alpha of 255 above which a pixel counts for the background's colour
DARK, LIGHT = 0, 255
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Picture:
    """`pixels`: (rows, columns, BGR), upright. `width` and `height` are the original's."""

    pixels: Pixels
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Size of `pixels` relative to the original, at most 1."""
        return float(max(self.pixels.shape[:2]) / max(self.width, self.height))


def decoded(data: bytes) -> Picture:
    """The picture. Its header is checked before pixels are decoded.

    Raises LiteError: 400 invalid_image, 413 image_too_large.
    """
    try:
        bare, orientation = stripped(data)
        with Image.open(io.BytesIO(bare), formats=FORMATS) as image:
            _check_size(image)
            width, height = image.size
            image.draft(None, _fitted(width, height))  # JPEG: decoded at 1/2, 1/4 or 1/8
            image.load()
            flat = _flat(image)
    except LiteError:
        raise
    except Exception as error:  # noqa: BLE001 - decoders raise anything on damaged files
        log.info("not_decoded", reason=type(error).__name__)
        raise LiteError("This is not a picture, or a damaged one.", 400, "invalid_image") from None
    size = _fitted(flat.shape[1], flat.shape[0])
    if size != (flat.shape[1], flat.shape[0]):
        flat = cv2.resize(flat, size, interpolation=cv2.INTER_AREA)
    if orientation >= 5:
        width, height = height, width
    return Picture(_turned(flat, orientation), width, height)


def _check_size(image: Image.Image) -> None:
    limit = MAX_PIXELS_OF.get(image.format or "", MAX_PIXELS)
    if image.width * image.height > limit or max(image.size) > MAX_SIDE:
        raise LiteError(
            f"The picture is {image.width}×{image.height}; "
            f"at most {limit} pixels and {MAX_SIDE} a side.",
            413,
            "image_too_large",
        )


def _fitted(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, math.sqrt(READ_PIXELS / (width * height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _flat(image: Image.Image) -> Pixels:
    """(rows, columns, BGR) without transparency.

    Made in strips, because a copy of 50 megapixels takes 200 MB.
    """
    is_clear = image.has_transparency_data and not image.mode.startswith("I")
    background = _background(image) if is_clear else None
    flat = np.empty((image.height, image.width, 3), np.uint8)
    for top, strip in _strips(image):
        rows = flat[top : top + strip.height]
        if background is None:
            rows[:] = _rgb(strip)[:, :, ::-1]
        else:
            rgba = np.asarray(strip.convert("RGBA"))
            alpha = rgba[:, :, 3:].astype(np.uint16)
            rows[:] = (
                (rgba[:, :, 2::-1] * alpha + background * (255 - alpha) + 127) // 255
            ).astype(np.uint8)
    return flat


def _rgb(strip: Image.Image) -> Pixels:
    if strip.mode.startswith("I"):  # 16-bit grey, which Pillow would clip at 255
        grey = (np.asarray(strip).astype(np.uint32) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.asarray(strip.convert("RGB"))


def _background(image: Image.Image) -> int:
    """DARK behind light pictures, LIGHT behind dark ones, by mean luminance of visible pixels."""
    total = count = 0
    for _, strip in _strips(image):
        rgba = strip.convert("RGBA")
        visible = np.asarray(rgba.getchannel("A")) > VISIBLE
        total += int(np.asarray(rgba.convert("L"))[visible].sum(dtype=np.int64))
        count += int(visible.sum())
    return DARK if count and total / count > 255 / 2 else LIGHT


def _strips(image: Image.Image) -> Any:
    rows = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(image.height, top + rows)))


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """Applies an EXIF orientation: 2, 4, 5 and 7 are mirrored, 5 to 8 lie on their side."""
    if orientation in (5, 7):
        pixels = np.transpose(pixels, (1, 0, 2))
    turns = {3: 2, 4: 2, 6: 3, 7: 2, 8: 1}.get(orientation, 0)
    pixels = np.rot90(pixels, turns)
    if orientation in (2, 4):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
