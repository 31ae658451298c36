"""Barcodes and QR codes, read by zxing-cpp.

The whole picture is searched once. Stripes that look like a barcode and gave no text are then cut
out, levelled and enlarged: zxing-cpp misses barcodes at more than 12°, blurred and tiny ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from inference.lite.decode import Picture, Pixels
from inference.lite.reading import Box, Code

MAX_CODES = 50  # of one picture
MIN_SIDE = 16  # pixels
MAX_TEXT = 4_296  # characters: as many as a QR code holds (ISO/IEC 18004, table 7)
BAND_PIXELS = 1_500_000  # searched at once: 60 ms, of noise 0.4 s
BAND_OVERLAP = 200  # pixels: enough of a barcode; a larger QR code crosses no two bands' ends
DARK = 90  # mean of 255 below which white on black is tried too
STRIPES_SIDE = 800  # pixels of the copy in which stripes are looked for
STRIPES_WINDOW = 15  # pixels of that copy
COHERENT = 0.8  # share of gradients in one direction; text has less than 0.6
STRONG = 900  # mean squared gradient of such a window
MIN_STRIPES = (40, 10)  # pixels of that copy, along and across
MAX_STRIPES = 6
CUT_WIDTH = 1_200  # pixels to which a barcode that is cut out is enlarged
MARGIN = 0.12  # of its length, on each side: barcodes need a white margin
MIN_BARS = 24  # changes between black and white: EAN-8, the shortest, has 44


@dataclass(frozen=True, slots=True)
class Stripes:
    """Parallel lines that may be a barcode. Corners clockwise, text direction first, in pixels."""

    corners: NDArray[np.float32]


def codes_in(picture: Picture) -> Iterator[list[Code]]:
    """The codes that each step of at most 0.1 s has found, in no order, each once."""
    grey = cv2.cvtColor(picture.pixels, cv2.COLOR_BGR2GRAY)
    if min(grey.shape) < MIN_SIDE:
        return
    found: list[Code] = []
    for top, band in _bands(grey):
        codes = _read(band, _moved(top, picture.scale))
        if not codes and band.mean() < DARK:
            codes = _read(255 - band, _moved(top, picture.scale))
        yield _new(codes, found)
    for stripes in _stripes(grey):
        if len(found) < MAX_CODES and not _is_known(stripes, found, picture.scale):
            yield _new(_read_cut(grey, stripes, picture.scale), found)


def _bands(grey: Pixels) -> Iterator[tuple[int, Pixels]]:
    height, width = grey.shape
    rows = max(3 * BAND_OVERLAP, BAND_PIXELS // width)
    for top in range(0, max(1, height - BAND_OVERLAP), rows - BAND_OVERLAP):
        yield top, grey[top : top + rows]


def _moved(top: int, scale: float) -> Any:
    return lambda points: (points + np.array((0, top))) / scale


def _new(codes: list[Code], found: list[Code]) -> list[Code]:
    """Those that were not found before, which are added to `found`."""
    made = []
    for code in codes:
        is_known = any(code.text == other.text and _meet(code.box, other.box) for other in found)
        if not is_known and len(found) < MAX_CODES:
            made.append(code)
            found.append(code)
    return made


def _read(grey: Pixels, place: Any) -> list[Code]:
    """`place` maps points of `grey` to pixels of the picture as sent."""
    return [
        Code(str(barcode.format), barcode.text[:MAX_TEXT], _box(place(_points(barcode))))
        for barcode in zxingcpp.read_barcodes(np.ascontiguousarray(grey))
        if barcode.valid and barcode.text
    ]


def _points(barcode: Any) -> NDArray[np.float32]:
    at = barcode.position
    corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
    return np.array([(point.x, point.y) for point in corners], np.float32)


def _box(points: NDArray[np.float32]) -> Box:
    left, top = (max(0, round(float(side))) for side in points.min(axis=0))
    right, bottom = (max(0, round(float(side))) for side in points.max(axis=0))
    return left, top, right - left, bottom - top


def _meet(one: Box, two: Box) -> bool:
    return (
        one[0] < two[0] + two[2]
        and two[0] < one[0] + one[2]
        and one[1] < two[1] + two[3]
        and two[1] < one[1] + one[3]
    )


def _stripes(grey: Pixels) -> list[Stripes]:
    """The largest areas whose gradients have one direction, by their structure tensor."""
    ratio = min(1.0, STRIPES_SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    across = cv2.Sobel(small, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(small, cv2.CV_32F, 0, 1)
    size = (STRIPES_WINDOW, STRIPES_WINDOW)
    xx, yy, xy = (
        cv2.boxFilter(product, -1, size)
        for product in (across * across, down * down, across * down)
    )
    energy = xx + yy
    coherence = np.sqrt((xx - yy) ** 2 + 4 * xy * xy) / (energy + 1)
    mask = ((coherence > COHERENT) & (energy > STRONG)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    made = []
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:MAX_STRIPES]:
        middle, (width, height), angle = cv2.minAreaRect(contour)
        if width < height:
            width, height, angle = height, width, angle + 90
        if width >= MIN_STRIPES[0] and height >= MIN_STRIPES[1]:
            corners = cv2.boxPoints((middle, (width, height), angle))
            made.append(Stripes(np.asarray(corners, np.float32) / ratio))
    return made


def _is_known(stripes: Stripes, found: list[Code], scale: float) -> bool:
    box = _box(stripes.corners / scale)
    return any(_meet(box, code.box) for code in found)


def _read_cut(grey: Pixels, stripes: Stripes, scale: float) -> list[Code]:
    """Reads stripes that are cut out level, enlarged to CUT_WIDTH and sharpened."""
    start, right, corner = stripes.corners[0], stripes.corners[1], stripes.corners[3]
    if np.linalg.norm(right - start) < np.linalg.norm(corner - start):
        start, right, corner = right, stripes.corners[2], start
    along, across = right - start, corner - start
    start = start - MARGIN * along
    along = along * (1 + 2 * MARGIN)
    width = CUT_WIDTH
    height = max(16, round(width * float(np.linalg.norm(across) / np.linalg.norm(along))))
    source = np.array([start, start + along, start + across], np.float32)
    target = np.array([(0, 0), (width, 0), (0, height)], np.float32)
    matrix = cv2.getAffineTransform(source, target)
    cut = cv2.warpAffine(
        grey, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    if _bars(cut) < MIN_BARS:
        return []
    soft = cv2.GaussianBlur(cut, (0, 0), 4)
    back = cv2.invertAffineTransform(matrix)

    def place(points: NDArray[np.float32]) -> NDArray[np.float32]:
        placed: NDArray[np.float32] = (points @ back[:, :2].T + back[:, 2]) / scale
        return placed

    for version in (cut, cv2.addWeighted(cut, 2.5, soft, -1.5, 0)):
        if codes := _read(version, place):
            return codes
    return []


def _bars(cut: Pixels) -> int:
    """Changes between dark and light along the middle."""
    third = len(cut) // 3
    profile = cut[third : max(third + 1, 2 * third)].mean(axis=0)
    level = cv2.blur(profile[None], (CUT_WIDTH // 12, 1))[0]
    return int(np.count_nonzero(np.diff(np.sign(profile - level))))
