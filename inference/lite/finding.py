"""Finds lines of text: in a small copy first, then closer where the text is too small for it.

The finder needs text of about eight pixels. Its time grows with the pixels that it sees, so only a
part with small text is looked at closer, and a long picture is looked at in bands.
"""

import math
from collections.abc import Generator, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inference.lite.decode import Pixels

Corners = NDArray[np.float32]  # four points (x, y), clockwise from the top left
Region = tuple[int, int, int, int]  # left, top, right, bottom

FIND_SIDE = 1_280  # longer side of the copy; see docs/decisions/001
NARROW_SIDE = 640  # of a long picture's copy, the shorter side
MAX_FIND_PIXELS = 4_000_000  # of a long picture's copy, and of all closer looks: 3 s on two cores
BAND_PIXELS = 1_700_000  # of the copy, seen at once; 1,280 × 1,280 is no long picture
BAND_OVERLAP = 48  # pixels of the copy: higher than a line
SAME_LINE = 0.5  # share of the smaller box, from which two boxes are one line
ENLARGED = 2.0  # how much small pictures are enlarged at most
# Pixels of the copy: boxes (1.8 × the text's height) below are looked at closer. Where the copy is
# much smaller than the picture, a line of such a height may be missed altogether.
SMALL, SMALL_FAR = 13, 16
FAR = 0.65  # scale of such a copy
CLEAR = 20  # pixels: height that they get then
CLOSER = 1.25  # times: less is not worth a second look
ROUND = 3.0  # heights of a line that a closer look takes around it
MAX_REGIONS = 8


class Finder(Protocol):
    def find(self, pixels: Pixels, scale: float, options: Any) -> list[Corners]:
        """The lines' corners in `pixels`, found in a copy of `scale` times its size."""
        ...


def find(finder: Finder, pixels: Pixels, options: Any) -> Generator[None, None, list[Corners]]:
    """The corners of all lines. Yields between steps."""
    height, width = pixels.shape[:2]
    scale = _scale(width, height)
    boxes = yield from _in_bands(finder, pixels, (0, 0, width, height), scale, options)
    for region, closer in _regions(boxes, scale, width, height):
        again = yield from _in_bands(finder, pixels, region, closer, options)
        boxes = [box for box in boxes if not _is_inside(box, region)] + again
    return boxes


def _scale(width: int, height: int) -> float:
    """Scale of the first copy."""
    longer, shorter = max(width, height), min(width, height)
    if longer < FIND_SIDE / ENLARGED:
        return ENLARGED
    scale = max(FIND_SIDE / longer, NARROW_SIDE / shorter)
    most = MAX_FIND_PIXELS if height >= width else BAND_PIXELS  # bands are as wide as the picture
    return min(1.0, scale, max(FIND_SIDE / longer, math.sqrt(most / (width * height))))


def _in_bands(
    finder: Finder, pixels: Pixels, region: Region, scale: float, options: Any
) -> Generator[None, None, list[Corners]]:
    """The lines of a region, in `pixels`' coordinates. Bands are as wide as the region."""
    left, top, right, bottom = region
    found: list[Corners] = []
    for start, end, first, last in _bands(right - left, bottom - top, scale):
        band = pixels[top + start : top + end, left:right]
        corner = np.array((left, top + start))
        boxes = [box + corner for box in finder.find(band, scale, options)]
        found += [
            np.asarray(box, np.float32)
            for box in boxes
            if top + first <= box[:, 1].mean() < top + last and not _is_known(box, found)
        ]
        yield
    return found


def _bands(width: int, height: int, scale: float) -> Iterator[tuple[int, int, float, float]]:
    """(start, end) of each band, and the part of it (first, last) in which lines' middles count.

    These parts overlap by a few pixels: the middle of a line may differ between two bands.
    """
    count = math.ceil(width * height * scale**2 / BAND_PIXELS)
    overlap = BAND_OVERLAP / scale
    slack = 4 / scale
    for number in range(count):
        first, last = height * number / count, height * (number + 1) / count
        yield (
            max(0, round(first - overlap)),
            min(height, round(last + overlap)),
            first - slack if number else -math.inf,
            last + slack if number < count - 1 else math.inf,
        )


def _is_known(box: Corners, found: list[Corners]) -> bool:
    """Whether a band before has found this line. Only its last lines can be the same."""
    return any(_overlap(box, other) > SAME_LINE for other in found[-200:])


def _overlap(one: Corners, two: Corners) -> float:
    """The common part of two boxes, as a share of the smaller."""
    low, high = np.maximum(one.min(0), two.min(0)), np.minimum(one.max(0), two.max(0))
    common = float(np.prod(np.maximum(0, high - low)))
    smaller = min(float(np.prod(box.max(0) - box.min(0))) for box in (one, two))
    return common / max(1.0, smaller)


def _regions(
    boxes: list[Corners], scale: float, width: int, height: int
) -> list[tuple[Region, float]]:
    """(part of the picture, scale at which to look again) where the text is too small in the copy.

    All of them together have at most MAX_FIND_PIXELS at their scale.
    """
    if scale * CLOSER > 1:
        return []
    least = SMALL_FAR if scale < FAR else SMALL
    small = [box for box in boxes if thickness(box) * scale < least]
    made = []
    for group in _groups(small):
        thin = float(np.percentile([thickness(box) for box in group], 25))
        made.append((_around(group, width, height), min(1.0, CLEAR / thin)))
    pixels = sum(_area(region) * closer**2 for region, closer in made)
    factor = min(1.0, math.sqrt(MAX_FIND_PIXELS / max(1.0, pixels)))
    return [
        (region, closer * factor) for region, closer in made if closer * factor >= scale * CLOSER
    ]


def _groups(boxes: list[Corners]) -> list[list[Corners]]:
    """Boxes that are near each other from top to bottom; at most MAX_REGIONS groups."""
    groups: list[list[Corners]] = []
    bottom = -math.inf
    for box in sorted(boxes, key=lambda box: float(box[:, 1].min())):
        if len(groups) and (
            box[:, 1].min() < bottom + 2 * ROUND * thickness(box) or len(groups) == MAX_REGIONS
        ):
            groups[-1].append(box)
        else:
            groups.append([box])
        bottom = max(bottom, float(box[:, 1].max()))
    return groups


def _around(boxes: list[Corners], width: int, height: int) -> Region:
    points = np.concatenate(boxes)
    room = ROUND * max(thickness(box) for box in boxes)
    left, top = np.maximum(0, points.min(axis=0) - room)
    right, bottom = np.minimum((width, height), points.max(axis=0) + room)
    return int(left), int(top), math.ceil(right), math.ceil(bottom)


def _area(region: Region) -> int:
    return (region[2] - region[0]) * (region[3] - region[1])


def _is_inside(box: Corners, region: Region) -> bool:
    x, y = box.mean(axis=0)
    return bool(region[0] <= x <= region[2] and region[1] <= y <= region[3])


def thickness(box: Corners) -> float:
    """The shorter side of a line's box, in pixels: the height of its text."""
    return max(1.0, min(length(box[0], box[1]), length(box[0], box[3])))


def length(one: Corners, two: Corners) -> float:
    return max(1.0, float(np.linalg.norm(one - two)))
