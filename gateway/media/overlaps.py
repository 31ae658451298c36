"""Takes what two tiles both show from one of them.

Between two tiles there is a seam, behind two thirds of their overlap or in the nearest gap between
lines. What lies before it comes from the first tile, what lies behind it from the second. So a line
is there once even where the two readings of it differ, and one that a tile's edge cuts comes from
the tile that has it whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.media.picture import Picture

Entry = dict[str, Any]
Placed = tuple[Picture, dict[str, Any]]  # a tile and its reading, in coordinates of the original
SEAM = 2 / 3  # of an overlap: the first tile has it by then, whole, and the second has begun
SAME_PLACE = 0.5  # share of the smaller box that two boxes have in common


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a tile lies along the axis in which the picture is cut, in pixels of the original."""

    start: float
    end: float


def cut_at_seams(placed: Sequence[Placed], name: str) -> list[Entry]:
    """The entries (`lines`, `fields`, `codes`) of all tiles, each once."""
    if len(placed) < 2:
        return [entry for _, reading in placed for entry in reading[name]]
    axis = _axis([picture for picture, _ in placed])
    spans = [_span(picture, axis) for picture, _ in placed]
    seams = [
        _seam(spans[number], spans[number + 1], placed[number : number + 2], axis)
        for number in range(len(placed) - 1)
    ]
    kept: list[Entry] = []
    before: list[Entry] = []  # of the tile before, those that reach into the overlap
    for number, (_, reading) in enumerate(placed):
        start = seams[number - 1] if number else float("-inf")
        end = seams[number] if number < len(seams) else float("inf")
        mine = [entry for entry in reading[name] if _is_mine(entry, start, end, axis)]
        fresh = _fresh(mine, before, start, axis)
        kept += fresh
        before = [
            entry for entry in fresh if _has_box(entry) and _end(entry, axis) > _next(spans, number)
        ]
    return kept


def _is_mine(entry: Entry, start: float, end: float, axis: int) -> bool:
    """Whether an entry lies between two seams, at least in part. One without a box is kept."""
    return not _has_box(entry) or (
        entry["box"][axis] < end and (_end(entry, axis) > start or entry["box"][axis] >= start)
    )


def _fresh(mine: list[Entry], before: list[Entry], start: float, axis: int) -> list[Entry]:
    """Without those across the seam that the tile before has already."""
    return [
        entry
        for entry in mine
        if not _has_box(entry)
        or entry["box"][axis] >= start
        or not any(_are_same(entry["box"], other["box"]) for other in before)
    ]


def _are_same(one: Sequence[float], two: Sequence[float]) -> bool:
    across = min(one[0] + one[2], two[0] + two[2]) - max(one[0], two[0])
    down = min(one[1] + one[3], two[1] + two[3]) - max(one[1], two[1])
    if across <= 0 or down <= 0:
        return False
    smaller = min(one[2] * one[3], two[2] * two[3])
    return across * down >= SAME_PLACE * smaller


def _seam(first: _Span, second: _Span, pair: Sequence[Placed], axis: int) -> float:
    """The place in the overlap that crosses no line of either tile, nearest to SEAM; that place
    itself where there is none."""
    if second.start >= first.end:
        return second.start
    wanted = second.start + SEAM * (first.end - second.start)
    crossed = sorted(
        (line["box"][axis], _end(line, axis))
        for _, reading in pair
        for line in reading["lines"]
        if _has_box(line) and line["box"][axis] < first.end and _end(line, axis) > second.start
    )
    gaps = list(_gaps(second.start, first.end, crossed))
    nearest = [min(max(wanted, start), end) for start, end in gaps]
    return min(nearest, key=lambda place: abs(place - wanted), default=wanted)


def _gaps(
    start: float, end: float, crossed: Iterable[tuple[float, float]]
) -> Iterable[tuple[float, float]]:
    for top, bottom in crossed:
        if top > start:
            yield start, top
        start = max(start, bottom)
    if start < end:
        yield start, end


def _axis(pictures: Sequence[Picture]) -> int:
    """0 where the tiles lie beside each other, 1 where they lie below each other."""
    return int(len({picture.origin[1] for picture in pictures}) > 1)


def _span(picture: Picture, axis: int) -> _Span:
    start = picture.origin[axis]
    return _Span(start, start + (picture.width, picture.height)[axis] / picture.scale)


def _next(spans: list[_Span], number: int) -> float:
    return spans[number + 1].start if number + 1 < len(spans) else float("inf")


def _has_box(entry: Entry) -> bool:
    return any(entry.get("box") or ())


def _end(entry: Entry, axis: int) -> float:
    end: float = entry["box"][axis] + entry["box"][axis + 2]
    return end
