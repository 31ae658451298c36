"""Gives the text of a page to the pictures of the page: each line to the tiles that show it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gateway.media.picture import Picture, Reading


def with_texts(pictures: Sequence[Picture], content: Reading | None) -> list[Picture]:
    """The tiles of one page with their `content`, in the pixels of each. `content` is in pixels of
    the page."""
    if content is None:
        return list(pictures)
    return [
        replace(
            picture,
            content={
                **content,
                "lines": [
                    _placed(line, picture)
                    for line in content["lines"]
                    if len(pictures) == 1 or _is_in(line["box"], picture)
                ],
            },
        )
        for picture in pictures
    ]


def _is_in(box: Sequence[float], tile: Picture) -> bool:
    """Whether the middle of a box lies in the tile."""
    across, down = box[0] + box[2] / 2 - tile.origin[0], box[1] + box[3] / 2 - tile.origin[1]
    return 0 <= across * tile.scale <= tile.width and 0 <= down * tile.scale <= tile.height


def _placed(line: dict[str, Any], tile: Picture) -> dict[str, Any]:
    left, top, width, height = line["box"]
    box = [left - tile.origin[0], top - tile.origin[1], width, height]
    placed = {**line, "box": [round(side * tile.scale) for side in box]}
    if "frame" in line:
        placed["frame"] = [round(side * tile.scale) for side in line["frame"]]
    return placed
