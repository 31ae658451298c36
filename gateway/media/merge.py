"""Readings of tiles as one reading, in the coordinates of the picture that was sent."""

from collections.abc import Sequence
from typing import Any

from gateway.media.picture import Picture

SAME_LINE_PIXELS = 12


def whole_reading(label: str, pictures: Sequence[Picture], readings: Sequence[dict[str, Any] | None]) -> dict[str, Any]:
    """{image, width, height, partial, page, lines, fields}; boxes are [x, y, width, height] in the original's pixels.

    `partial`: some of `pictures` have no reading yet.
    """
    lines: list[dict[str, Any]] = []
    fields: list[dict[str, Any]] = []
    for picture, reading in zip(pictures, readings, strict=True):
        if reading is None:
            continue
        for line in reading.get("lines", ()):
            placed = _placed(line, picture)
            if not any(_same(placed, other) for other in lines):
                lines.append(placed)
        for entry in reading.get("fields", ()):
            if not any((entry["name"], entry["value"]) == (other["name"], other["value"]) for other in fields):
                fields.append(_placed(entry, picture))
    last = pictures[-1]
    return {
        "image": label,
        "width": round(last.origin[0] + last.width / last.scale),
        "height": round(last.origin[1] + last.height / last.scale),
        "partial": any(reading is None for reading in readings),
        "lines": lines,
        "fields": fields,
    } | ({"page": pictures[0].page} if pictures[0].page else {})


def _placed(entry: dict[str, Any], picture: Picture) -> dict[str, Any]:
    box = entry.get("box")
    if not box:
        return dict(entry)
    left, top, width, height = (side / picture.scale for side in box)
    placed = [left + picture.origin[0], top + picture.origin[1], width, height]
    return {**entry, "box": [round(side) for side in placed]}


def _same(line: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(line["text"] == other["text"]) and all(
        abs(one - two) <= SAME_LINE_PIXELS for one, two in zip(line["box"], other["box"], strict=True)
    )
