"""Where lines lie on the page when it is level: they are rotated, and perspective is undone.

No pixel is changed: only the boxes' corners are mapped.
"""

import math

import numpy as np
from numpy.typing import NDArray

from inference.lite.finding import Corners, length
from inference.lite.reading import Frame

LEVEL = 0.7  # degrees: less tilt leaves rows as they are
MIN_LINES = 6  # long lines that show a perspective
MAX_BEND = 0.6  # how much perspective may change a height, as a share
LONG = 3.0  # length / height of a line that shows a slope
STEEPEST = 0.3  # slope against the page's text above which a line belongs to something else
TOLERANCE = 0.01  # difference of a slope from the page's that halves a line's weight


def frames(boxes: list[Corners], angle: float) -> list[Frame | None]:
    """[x, y, width, height] of each line on the level page, as large as in the picture.

    `angle`: direction of the text in degrees. None for all lines of a page that is level already.
    """
    if not boxes:
        return []
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    level = [box @ np.array([(cosine, -sine), (sine, cosine)]) for box in boxes]
    origin = np.concatenate(level).mean(axis=0)
    level = [box - origin for box in level]
    slope, bend = _slopes(level)
    if abs(angle) < LEVEL and abs(bend) * _reach(level) < math.radians(LEVEL):
        return [None] * len(boxes)
    placed = [_placed(box, slope, bend) for box in level]
    left, top = (min(frame[side] for frame in placed) for side in (0, 1))
    return [
        (round(x - left, 1), round(y - top, 1), round(width, 1), round(height, 1))
        for x, y, width, height in placed
    ]


def _reach(boxes: list[NDArray[np.float64]]) -> float:
    return float(np.abs(np.concatenate(boxes)[:, 1]).max())


def _slopes(boxes: list[NDArray[np.float64]]) -> tuple[float, float]:
    """(slope at the middle, change of slope a pixel downwards), from long lines.

    Lines of a page in perspective meet in a point far at the side, so their slope grows with y.
    """
    long = [box for box in boxes if length(box[0], box[1]) >= LONG * length(box[0], box[3])]
    ends = [(box[1] + box[2] - box[0] - box[3]) / 2 for box in long]
    shown = [
        (end[1] / end[0], box[:, 1].mean(), end[0])
        for box, end in zip(long, ends, strict=True)
        if abs(end[1]) < STEEPEST * end[0]
    ]
    if len(shown) < MIN_LINES:
        return 0.0, 0.0
    slopes, heights, weights = np.array(shown).T
    sizes = weights
    slope = bend = 0.0
    for _ in range(3):  # lines off the others lose their weight
        slope, bend = _fitted(heights, slopes, weights)
        weights = sizes / (1 + ((slopes - slope - bend * heights) / TOLERANCE) ** 2)
    return slope, bend


def _fitted(
    x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[float, float]:
    """(intercept, slope) of the line through the points with the least weighted squares."""
    mean_x, mean_y = np.average(x, weights=weights), np.average(y, weights=weights)
    spread = float(weights @ (x - mean_x) ** 2)
    slope = float(weights @ ((x - mean_x) * (y - mean_y))) / spread if spread > 1 else 0.0
    return float(mean_y - slope * mean_x), slope


def _placed(box: NDArray[np.float64], slope: float, bend: float) -> Frame:
    """The box whose middle is moved along its text line to the middle of the page (x = 0)."""
    x, y = box.mean(axis=0)
    change = min(MAX_BEND, max(-MAX_BEND, bend * x))
    y = (y - slope * x) / (1 + change)
    width = (length(box[0], box[1]) + length(box[3], box[2])) / 2
    height = (length(box[0], box[3]) + length(box[1], box[2])) / 2
    return x - width / 2, y - height / 2, width, height
