"""Merges the readings of an image's tiles, in the coordinates of the image that was sent."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from gateway.media.picture import Picture

SAME_LINE_PIXELS = 12


def whole_reading(
    label: str, pictures: Sequence[Picture], readings: Sequence[dict[str, Any] | None]
) -> dict[str, Any]:
    """{image, width, height, partial, lines, fields}, for a PDF also page; boxes are
    [x, y, width, height] in pixels of the original.

    `label` becomes `image`. `readings` are those of `pictures`, None where OCR is not done; then
    `partial` is true.
    """
    lines: list[dict[str, Any]] = []
    fields: dict[tuple[str, str], dict[str, Any]] = {}
    seen = SeenLines()
    for picture, reading in zip(pictures, readings, strict=True):
        if reading is None:
            continue
        placed = [_placed(line, picture) for line in reading.get("lines", ())]
        lines += [line for line in placed if line not in seen]
        seen.add(placed)
        for entry in reading.get("fields", ()):
            fields.setdefault((entry["name"], entry["value"]), _placed(entry, picture))
    last = pictures[-1]
    return {
        "image": label,
        "width": round(last.origin[0] + last.width / last.scale),
        "height": round(last.origin[1] + last.height / last.scale),
        "partial": any(reading is None for reading in readings),
        "lines": lines,
        "fields": list(fields.values()),
    } | ({"page": pictures[0].page} if pictures[0].page else {})


def _placed(entry: dict[str, Any], picture: Picture) -> dict[str, Any]:
    box = entry.get("box")
    if not box:
        return dict(entry)
    left, top, width, height = (side / picture.scale for side in box)
    placed = [left + picture.origin[0], top + picture.origin[1], width, height]
    return {**entry, "box": [round(side) for side in placed]}


class SeenLines:
    """The lines of earlier tiles, in a grid of cells: comparing all pairs of lines would block the
    event loop for seconds."""

    def __init__(self) -> None:
        self._boxes: defaultdict[tuple[str, int, int], list[list[int]]] = defaultdict(list)

    def add(self, lines: Sequence[dict[str, Any]]) -> None:
        for line in lines:
            column, row = _cell(line)
            self._boxes[line["text"], column, row].append(line["box"])

    def __contains__(self, line: dict[str, Any]) -> bool:
        """Whether a line has the same text, and a box that differs by at most SAME_LINE_PIXELS in
        each number."""
        column, row = _cell(line)
        return any(
            all(
                abs(one - two) <= SAME_LINE_PIXELS
                for one, two in zip(line["box"], other, strict=True)
            )
            for left in (column - 1, column, column + 1)
            for top in (row - 1, row, row + 1)
            for other in self._boxes.get((line["text"], left, top), ())
        )


def _cell(line: dict[str, Any]) -> tuple[int, int]:
    left, top, _, _ = line["box"]
    return left // SAME_LINE_PIXELS, top // SAME_LINE_PIXELS
