"""A reading: lines and fields of a picture. Boxes are [x, y, width, height] in its pixels."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text. `confidence` is 0 to 1."""

    text: str
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Field:
    """A value with a known meaning, such as an order number."""

    name: str
    value: str
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    confidence: float = 1.0
    valid: bool | None = None  # by its check digit or form; None: there is no such rule


@dataclass(frozen=True, slots=True)
class Reading:
    """What the OCR found on a picture. `image` is "sha256:…" or a file id."""

    image: str
    width: int
    height: int
    lines: list[Line] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    partial: bool = False  # some of the picture or page is not read yet

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


def from_json(body: dict[str, Any]) -> Reading:
    """A reading that the gateway sends with a question. Unknown keys are ignored."""
    return Reading(
        str(body.get("image", "")),
        int(body.get("width") or 0),
        int(body.get("height") or 0),
        [
            Line(str(line["text"]), _box(line), float(line.get("confidence") or 0))
            for line in body.get("lines", [])
        ],
        [
            Field(
                str(one["name"]),
                str(one["value"]),
                _box(one),
                float(one.get("confidence") or 0),
                one.get("valid"),
            )
            for one in body.get("fields", [])
        ],
        bool(body.get("partial")),
    )


def _box(entry: dict[str, Any]) -> tuple[int, int, int, int]:
    left, top, width, height = (round(side) for side in (entry.get("box") or (0, 0, 0, 0)))
    return left, top, width, height


def rows(lines: list[Line]) -> list[list[Line]]:
    """Lines that are side by side, top to bottom, each row left to right."""
    made: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3] / 2):
        middle = line.box[1] + line.box[3] / 2
        last = made[-1] if made else None
        if last and last[0].box[1] <= middle <= last[0].box[1] + last[0].box[3]:
            last.append(line)
        else:
            made.append([line])
    return [sorted(row, key=lambda line: line.box[0]) for row in made]


def in_rows(lines: list[Line]) -> list[Line]:
    """The lines in reading order."""
    return [line for row in rows(lines) for line in row]
