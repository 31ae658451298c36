"""One picture being read, in steps: codes, lines, their direction, their text.

Between two steps a reading can stop or pause, and memory does not grow with the number of lines.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from inference.lite import legibility
from inference.lite.barcodes import codes_in
from inference.lite.decode import Picture, Pixels
from inference.lite.direction import along, main_angle, quarter, ratio
from inference.lite.finding import Corners, find
from inference.lite.layout import frames
from inference.lite.ocr import Engine, batches
from inference.lite.reading import Box, Code, Line

MIN_TEXT = 8  # pixels: thinner pictures hold no text
MIN_SIDE, ENLARGED_SIDE = 30, 5_120  # pixels; thinner pictures are enlarged, to this length at most
WIDE = 8  # width / height above which a picture gets bars above and below
MAX_BAR = 250  # pixels
MAX_PADDED = 4_000_000  # pixels with the bars
MIN_CONFIDENCE = 0.5
SAMPLE = 5  # lines that are read first, to see whether the text is upside down
SAMPLE_RATIO = 9.0  # length / height of a line in the sample, at most: short ones take less time
SURE = 0.8  # mean confidence of text that is not upside down

Text = tuple[str, float]  # with its confidence


@dataclass(slots=True)
class Scan:
    """What was found so far. Complete once `steps` has ended."""

    picture: Picture
    codes: list[Code] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)  # in no order
    turned: int = 0  # degrees clockwise that turn the picture upright
    legible: bool = True

    def steps(self, engine: Engine, options: Any) -> Iterator[None]:
        """`options` are onnxruntime.RunOptions; setting `terminate` stops a running step."""
        for codes in codes_in(self.picture):
            self.codes += codes
            yield
        pixels, scale, top = _roomy(self.picture.pixels)
        if pixels is None:
            return
        pixels = legibility.stretched(pixels)
        boxes = yield from find(engine, pixels, options)
        angle = main_angle(boxes)
        known, rest, angle = yield from _sampled(engine, pixels, boxes, angle, options)
        for batch in batches([along(box, angle) for box in rest]):
            known += zip(batch, engine.read(pixels, batch, options), strict=True)
            yield
        self.turned = quarter(angle)
        self.legible = legibility.is_legible(
            [(confidence, ratio(box)) for box, (_, confidence) in known], self.picture.pixels
        )
        moved = [
            ((box - np.array((0, top))) / (scale * self.picture.scale), text)
            for box, text in known
            if text[0] and text[1] >= MIN_CONFIDENCE
        ]
        places = frames([box for box, _ in moved], angle)
        self.lines = [
            Line(text, _box(box, self.picture), round(confidence, 3), place)
            for (box, (text, confidence)), place in zip(moved, places, strict=True)
        ]


def _sampled(
    engine: Engine, pixels: Pixels, boxes: list[Corners], angle: float, options: Any
) -> Generator[None, None, tuple[list[tuple[Corners, Text]], list[Corners], float]]:
    """(lines that are read already, other boxes, the text's direction).

    Reads a few lines at `angle`, and upside down where that gives no clear text.
    """
    long = [number for number, box in enumerate(boxes) if ratio(box) >= 2] or range(len(boxes))
    fit = sorted(long, key=lambda number: abs(ratio(boxes[number]) - SAMPLE_RATIO))[:SAMPLE]
    rest = [box for number, box in enumerate(boxes) if number not in fit]
    sample = [along(boxes[number], angle) for number in fit]
    if not sample:
        return [], rest, angle
    texts = engine.read(pixels, sample, options)
    yield
    if _mean(texts) < SURE:
        turned = [np.roll(box, 2, axis=0) for box in sample]
        others = engine.read(pixels, turned, options)
        yield
        if _mean(others) > max(_mean(texts), MIN_CONFIDENCE):
            sample, texts, angle = turned, others, angle + 180
    return list(zip(sample, texts, strict=True)), rest, angle


def _mean(texts: list[Text]) -> float:
    return sum(confidence for _, confidence in texts) / len(texts)


def _box(corners: Corners, picture: Picture) -> Box:
    """[x, y, width, height] in the original's pixels, inside it."""
    size = (picture.width, picture.height)
    left, top = (int(side) for side in np.clip(corners.min(axis=0), 0, size))
    right, bottom = (int(side) for side in np.clip(corners.max(axis=0), 0, size))
    return left, top, right - left, bottom - top


def _roomy(pixels: Pixels) -> tuple[Pixels | None, float, int]:
    """(picture, enlargement, height of the upper bar).

    Tiny pictures are enlarged, very wide ones get bars. The picture is None if it is too thin to
    hold text.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < MIN_TEXT:
        return None, 1.0, 0
    scale = 1.0
    if min(height, width) < MIN_SIDE:
        scale = max(1.0, min(MIN_SIDE / min(height, width), ENLARGED_SIDE / max(height, width)))
        height, width = round(height * scale), round(width * scale)
        pixels = cv2.resize(pixels, (width, height))
    if height > MIN_SIDE and width <= WIDE * height:
        return pixels, scale, 0
    bar = abs(max(min(width // WIDE, MAX_BAR), MIN_SIDE) * 2 - height) // 2
    bar = min(bar, max(MIN_SIDE, MAX_PADDED // (2 * width)))
    return (
        cv2.copyMakeBorder(pixels, bar, bar, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0)),
        scale,
        bar,
    )
