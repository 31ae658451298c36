"""Merges the readings of an image's tiles, in the coordinates of the image that was sent."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from gateway.media.overlaps import cut_at_seams
from gateway.media.picture import Picture

# Where as many tiles say one kind as another, the one that says more about the picture.
KINDS = ("waybill", "invoice", "payment", "order", "receipt", "contract", "error", "chat")
OTHER = "other"


def whole_reading(
    label: str, pictures: Sequence[Picture], readings: Sequence[dict[str, Any] | None]
) -> dict[str, Any]:
    """{image, page, width, height, kind, legible, partial, turned, lines, fields, codes}; boxes are
    [x, y, width, height] in pixels of the original. `page` counts from 1, also for a picture alone.

    `label` becomes `image`. `readings` are those of `pictures`, None where OCR is not done; then
    `partial` is true.
    """
    placed = [
        (picture, _placed(reading, picture))
        for picture, reading in zip(pictures, readings, strict=True)
        if reading is not None
    ]
    read = [reading for _, reading in placed]
    last = pictures[-1]
    return {
        "image": label,
        "page": pictures[0].page or 1,
        "width": round(last.origin[0] + last.width / last.scale),
        "height": round(last.origin[1] + last.height / last.scale),
        "kind": _kind(read),
        "legible": not read or any(reading.get("legible", True) for reading in read),
        "partial": len(read) < len(readings) or any(one.get("partial", False) for one in read),
        "turned": _same([int(reading.get("turned", 0)) for reading in read]),
        "lines": cut_at_seams(placed, "lines"),
        "fields": [
            {"corrected": False, **entry}
            for entry in _distinct(cut_at_seams(placed, "fields"), ("name", "value"))
        ],
        "codes": _distinct(cut_at_seams(placed, "codes"), ("format", "text")),
    }


def _placed(reading: dict[str, Any], picture: Picture) -> dict[str, Any]:
    """The reading with its boxes and frames in the original."""
    entries = {
        name: [_entry_placed(entry, picture) for entry in reading.get(name) or ()]
        for name in ("lines", "fields", "codes")
    }
    return {**reading, **entries}


def _entry_placed(entry: dict[str, Any], picture: Picture) -> dict[str, Any]:
    """A copy: readings are remembered for all owners, and a person's corrections change theirs."""
    places = {name: entry[name] for name in ("box", "frame") if entry.get(name)}
    if picture.scale == 1 and picture.origin == (0, 0):
        return {**entry}
    return {**entry, **{name: _place(place, picture) for name, place in places.items()}}


def _place(place: Sequence[float], picture: Picture) -> list[int]:
    left, top, width, height = (side / picture.scale for side in place)
    moved = left + picture.origin[0], top + picture.origin[1], width, height
    return [round(side) for side in moved]


def _kind(readings: Sequence[dict[str, Any]]) -> str:
    """The kind that most tiles say; those that say none do not count."""
    votes = Counter(str(reading.get("kind") or OTHER) for reading in readings)
    del votes[OTHER]
    best = max(votes.values(), default=0)
    found = [kind for kind, count in votes.items() if count == best]
    return (
        min(found, key=lambda kind: KINDS.index(kind) if kind in KINDS else len(KINDS))
        if (found)
        else OTHER
    )


def _same(values: Sequence[int]) -> int:
    """The value that all have; 0 where they differ."""
    return values[0] if len(set(values)) == 1 else 0


def _distinct(entries: list[dict[str, Any]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The entries without repetitions of the same values."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for entry in entries:
        found.setdefault(tuple(entry.get(name) for name in names), entry)
    return list(found.values())
