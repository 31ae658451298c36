"""The direction in which text runs: of each box, and of a whole picture.

Angles are in degrees, clockwise as one sees the picture: 0 to the right, 90 downwards.
"""

import math

import numpy as np

from inference.lite.finding import Corners, length

LONG = 2.0  # length / thickness from which a box shows a direction
TALL = 2.5  # the same, from which a box across the others holds a line that runs downwards


def main_angle(boxes: list[Corners]) -> float:
    """The direction of most text, above -90 and at most 90. Text upside down looks the same.

    The median of long boxes' directions near their mean.
    """
    long = [(angle, size) for angle, size, ratio in map(_direction, boxes) if ratio >= LONG]
    if not long:
        return 0.0
    angles, sizes = np.array(long).T
    doubled = np.radians(2 * angles)
    mean = math.degrees(
        math.atan2(float(sizes @ np.sin(doubled)), float(sizes @ np.cos(doubled))) / 2
    )
    apart = (angles - mean + 90) % 180 - 90
    near = np.abs(apart) < 20
    angle = mean + (_median(apart[near], sizes[near]) if near.any() else 0.0)
    return angle - 180 if angle > 90 else angle + 180 if angle <= -90 else angle


def _median(values: Corners, weights: Corners) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _direction(box: Corners) -> tuple[float, float, float]:
    """(angle of the longer side, its length, longer side / shorter side)."""
    width, height = length(box[0], box[1]), length(box[0], box[3])
    along = box[1] - box[0] if width >= height else box[3] - box[0]
    angle = math.degrees(math.atan2(along[1], along[0]))
    return angle, max(width, height), max(width, height) / min(width, height)


def along(box: Corners, angle: float) -> Corners:
    """The box's corners in reading order: the first side runs within 45° of `angle`.

    A box that lies across the others holds a line that runs downwards from there.
    """
    start = math.degrees(math.atan2(*(box[1] - box[0])[::-1]))
    quarters = round((angle - start) / 90)
    box = np.roll(box, -quarters, axis=0)
    if length(box[0], box[3]) >= TALL * length(box[0], box[1]):
        box = np.roll(box, -1, axis=0)
    return box


def ratio(box: Corners) -> float:
    """Longer side / shorter side."""
    return _direction(box)[2]


def quarter(angle: float) -> int:
    """Degrees clockwise (0, 90, 180, 270) that turn text of this direction upright."""
    return round(-angle / 90) * 90 % 360
