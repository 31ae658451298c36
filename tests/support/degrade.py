"""Degrades a screenshot as people send it: turned, photographed, squeezed, blurred.

`DEGRADATIONS` maps a name to a function from a picture file to a picture file. The same file always
gives the same bytes. `HARD` names those that leave small text (of 12 to 20 pixels) unreadable for a
person too; large type may survive them.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (rows, columns, BGR)
Degradation = Callable[[bytes], bytes]

TABLE = (86, 118, 150)  # a wooden table, BGR
LONG_SIZE, DESKTOP_SIZE = (1_080, 8_000), (3_840, 2_160)


def pixels_of(data: bytes) -> Pixels:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded, np.uint8)


def png(pixels: Pixels) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def jpeg(pixels: Pixels, quality: int = 80) -> bytes:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def _table(height: int, width: int) -> Pixels:
    """A striped, grainy surface that the picture lies on."""
    stripes = 18 * np.sin(np.arange(width) / 23.0)[None, :, None]
    grain = np.random.default_rng(7).normal(0, 6, (height, width, 1))
    return _bytes(np.array(TABLE) + stripes + grain)


def tilted(pixels: Pixels, degrees: float) -> Pixels:
    """Turned counter-clockwise by `degrees`, on a table, with nothing cut off."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    wide, high = round(height * sine + width * cosine) + 40, round(height * cosine + width * sine)
    high += 40
    matrix[:, 2] += (wide - width) / 2, (high - height) / 2
    return _laid(pixels, np.vstack([matrix, [0, 0, 1]]), wide, high)


def turned(pixels: Pixels, degrees: int) -> Pixels:
    """Turned clockwise by 90, 180 or 270 degrees, as a phone without EXIF does."""
    return np.ascontiguousarray(np.rot90(pixels, -(degrees // 90)))


def perspective(pixels: Pixels, strength: float) -> Pixels:
    """Taken from below at the left; the far side is smaller by twice `strength` (0 to 0.3)."""
    height, width = pixels.shape[:2]
    inset, drop = strength * width, strength * height
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = np.array(
        [(inset, drop * 0.6), (width - inset * 0.4, 0), (width, height), (0, height - drop * 0.5)],
        np.float32,
    )
    return _laid(pixels, cv2.getPerspectiveTransform(corners, seen + 30), width + 60, height + 60)


def _bytes(values: NDArray[Any]) -> Pixels:
    bounded: Pixels = np.clip(values, 0, 255).astype(np.uint8)
    return bounded


def _laid(pixels: Pixels, matrix: NDArray[np.float64], width: int, height: int) -> Pixels:
    page = cv2.warpPerspective(pixels, matrix, (width, height), flags=cv2.INTER_CUBIC)
    mask = cv2.warpPerspective(np.full(pixels.shape[:2], 255, np.uint8), matrix, (width, height))
    return np.where(mask[:, :, None] > 127, page, _table(height, width)).astype(np.uint8)


def scaled(pixels: Pixels, width: int) -> Pixels:
    height = round(pixels.shape[0] * width / pixels.shape[1])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def defocused(pixels: Pixels, radius: int) -> Pixels:
    """A lens out of focus spreads each point over a disc."""
    side = 2 * radius + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.float32)
    return np.asarray(cv2.filter2D(pixels, -1, disc / disc.sum()), np.uint8)


def shaken(pixels: Pixels, length: int) -> Pixels:
    """Motion blur of `length` pixels, to the right and slightly down."""
    kernel = np.zeros((length, length), np.float32)
    cv2.line(kernel, (0, length // 3), (length - 1, length - 1 - length // 3), 1.0)
    return np.asarray(cv2.filter2D(pixels, -1, kernel / kernel.sum()), np.uint8)


def dimmed(pixels: Pixels, light: float, noise: float) -> Pixels:
    """With `light` (0 to 1) of the brightness, and noise of that deviation from 255 levels."""
    grain = np.random.default_rng(11).normal(0, noise, pixels.shape)
    return _bytes(pixels * light + grain)


def dark_mode(pixels: Pixels) -> Pixels:
    """Light on dark with the hues kept, as phones invert an app."""
    colours = cv2.cvtColor(pixels, cv2.COLOR_BGR2HLS)
    colours[:, :, 1] = 255 - (colours[:, :, 1] * 0.9).astype(np.uint8)
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_HLS2BGR), np.uint8)


def pale(pixels: Pixels) -> Pixels:
    """A sixth of the contrast, as on a print whose ink runs out."""
    return (185 + pixels.astype(np.float32) / 255 * 42).astype(np.uint8)


def folded(pixels: Pixels) -> Pixels:
    """A printed page with two folds and the shadow of the hand that holds the phone."""
    height, width = pixels.shape[:2]
    x, y = np.arange(width)[None, :], np.arange(height)[:, None]
    light = np.ones((height, width))
    for fold, across in ((0.48 * height, y), (0.55 * width, x)):
        light = light - 0.35 * np.exp(-(((across - fold) / 5) ** 2))
    shadow = 1 / (1 + np.exp((x + 0.6 * y - 0.75 * width) / 25.0))
    return _bytes(pixels * (light * (1 - 0.45 * shadow))[:, :, None])


def photographed(pixels: Pixels) -> Pixels:
    """A phone's photo of a page: an angle, a tilt, warm uneven light, slight blur and noise."""
    bent = tilted(perspective(pixels, 0.04), -3)
    height, width = bent.shape[:2]
    x, y = np.linspace(-1, 1, width)[None, :], np.linspace(-1, 1, height)[:, None]
    light = (0.95 - 0.25 * ((x - 0.3) ** 2 + (y + 0.2) ** 2) / 2)[:, :, None]
    warm = cv2.GaussianBlur(bent, (0, 0), 0.8) * light * np.array([0.86, 0.97, 1.04])
    return _bytes(warm + np.random.default_rng(3).normal(0, 4, bent.shape))


def on_desktop(pixels: Pixels) -> Pixels:
    """A window on a 4K screen whose text is drawn 1:1."""
    width, height = DESKTOP_SIZE
    made = np.full((height, width, 3), (92, 74, 50), np.uint8)
    made[:, :, 0] += (np.arange(width) // 80).astype(np.uint8)[None, :]
    high, wide = min(pixels.shape[0], height), min(pixels.shape[1], width)
    top, left = (height - high) // 2, (width - wide) * 2 // 3
    made[top : top + high, left : left + wide] = pixels[:high, :wide]
    return made


def in_long_page(pixels: Pixels) -> Pixels:
    """In the middle of a long screenshot, between grey and white bands as of a message list."""
    width, height = LONG_SIZE
    part = scaled(pixels, width)[: height // 2]
    made = np.full((height, width, 3), 255, np.uint8)
    for top in range(0, height, 400):
        made[top : top + 40] = 238
        cv2.putText(
            made, f"item {top // 400 + 1}", (40, top + 220), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 90, 2
        )
    top = (height - len(part)) * 3 // 5
    made[top : top + len(part)] = part
    return made


def white_on_transparent(data: bytes) -> bytes:
    """The dark parts of the picture as white ink on nothing, like a cut-out of a dark app."""
    dark = 255 - cv2.cvtColor(pixels_of(data), cv2.COLOR_BGR2GRAY)
    ink = np.full((*dark.shape, 4), 255, np.uint8)
    ink[:, :, 3] = dark
    return cv2.imencode(".png", ink)[1].tobytes()


def _as_png(change: Callable[[Pixels], Pixels]) -> Degradation:
    return lambda data: png(change(pixels_of(data)))


def _as_photo(change: Callable[[Pixels], Pixels], quality: int = 80) -> Degradation:
    return lambda data: jpeg(change(pixels_of(data)), quality)


DEGRADATIONS: dict[str, Degradation] = {
    "clean": lambda data: data,
    "jpeg 10": _as_photo(lambda pixels: pixels, 10),
    "dark mode": _as_png(dark_mode),
    "pale": _as_png(pale),
    "fold and shadow": _as_photo(folded),
    "720 px wide": _as_png(lambda pixels: scaled(pixels, 720)),
    "phone photo": _as_photo(photographed),
    **{
        f"tilt {degrees}": _as_photo(partial(tilted, degrees=degrees))
        for degrees in (5, 10, 15, 30, -8, -20)
    },
    **{
        f"turned {degrees}": _as_png(partial(turned, degrees=degrees)) for degrees in (90, 180, 270)
    },
    "turned 90 and tilted": _as_photo(lambda pixels: turned(tilted(pixels, 4), 90)),
    "perspective": _as_photo(lambda pixels: perspective(pixels, 0.06)),
    "4K desktop": _as_png(on_desktop),
    "long page": _as_png(in_long_page),
    "white on transparent": white_on_transparent,
    "480 px wide": _as_png(lambda pixels: scaled(pixels, 480)),
    "360 px wide": _as_png(lambda pixels: scaled(pixels, 360)),
    "defocus 3": _as_photo(lambda pixels: defocused(pixels, 3)),
    "motion 9": _as_photo(lambda pixels: shaken(pixels, 9)),
    "nearly black": _as_photo(lambda pixels: dimmed(pixels, 0.03, 4)),
}
HARD = frozenset(("480 px wide", "360 px wide", "defocus 3", "motion 9", "nearly black"))
