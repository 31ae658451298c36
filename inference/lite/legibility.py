"""Whether a picture's text can be read at all. Limits: docs/decisions/018-reading-papers.md."""

import cv2
import numpy as np

from inference.lite.decode import Pixels

CLEAR = 0.87  # mean confidence, weighted by length; blurred or tiny text gets less
MAX_LENGTH = 20.0  # heights: longer lines count as much as these
MIN_LINES = 3  # of LONG heights: less is a logo or a pattern, no text that somebody asks about
LONG = 2.0
BLACK = 20  # of 255: nothing is brighter on a picture that is too dark
GRAIN = 0.5  # of 255: a picture with a smaller range shows nothing
DULL = 64  # of 255: a smaller range of brightness is stretched before text is looked for
CALM = 4  # pixels a side whose mean is taken: grain and noise do not count


def is_legible(scores: list[tuple[float, float]], pixels: Pixels) -> bool:
    """Whether a person can rely on the reading, or there is no text.

    `scores` of every box, also of those without text: (confidence 0 to 1, length in heights).
    `pixels` as they were before `stretched`.
    """
    low, high = _range(pixels)
    if high < BLACK:
        return high - low < GRAIN
    if sum(length >= LONG for _, length in scores) < MIN_LINES:
        return True
    confidences, lengths = np.array(scores).T
    return bool(np.average(confidences, weights=np.minimum(lengths, MAX_LENGTH)) >= CLEAR)


def stretched(pixels: Pixels) -> Pixels:
    """The picture; a dark or pale one with its brightness spread over the whole range."""
    low, high = _range(pixels)
    if high - low >= DULL or high - low < 1:
        return pixels
    levels = np.clip((np.arange(256) - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    made: Pixels = levels[pixels]
    return made


def _range(pixels: Pixels) -> tuple[float, float]:
    """The darkest and the brightest spot, 0 to 255."""
    height, width = (max(1, side // CALM) for side in pixels.shape[:2])
    calm = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return float(calm.min()), float(calm.max())
