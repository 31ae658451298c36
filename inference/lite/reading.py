"""A reading: lines, codes and fields of a picture. Boxes are [x, y, width, height] in its pixels.

`rows`, `in_rows`, `beside` and `below` say how lines lie to each other. They use `Line.place`,
which is upright where the picture is turned, tilted or taken at an angle. Whoever changes a line's
text keeps its frame with `dataclasses.replace(line, text=…)`.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = (
    "waybill",
    "invoice",
    "receipt",
    "payment",
    "order",
    "error",
    "chat",
    "contract",
    "other",
)
REACH = 3.2  # heights of a label within which its value may lie below it

Box = tuple[int, int, int, int]
Frame = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text. `confidence` is 0 to 1.

    `box` is in the picture as sent. `frame` is [x, y, width, height] on the page when the text runs
    level; None if that is the box.
    """

    text: str
    box: Box = (0, 0, 0, 0)
    confidence: float = 1.0
    frame: Frame | None = None

    @property
    def place(self) -> Frame:
        """Where the line lies when the text runs level: [x, y, width, height]."""
        return self.frame or self.box


@dataclass(frozen=True, slots=True)
class Code:
    """A barcode or QR code. `format` as zxing-cpp names it: "QR Code", "Code 128", …"""

    format: str
    text: str
    box: Box = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Field:
    """A value with a known meaning, such as an order number."""

    name: str
    value: str
    box: Box = (0, 0, 0, 0)
    confidence: float = 1.0
    valid: bool | None = None  # by its check digit or form; None: there is no such rule
    label: str = ""  # as the picture says it, where that tells more than the name
    corrected: bool = False  # a person gave the value


@dataclass(frozen=True, slots=True)
class Reading:
    """What the OCR found on a picture. `image` is "sha256:…" or a file id."""

    image: str
    width: int
    height: int
    lines: list[Line] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    partial: bool = False  # some of the picture or page is not read yet
    kind: str = "other"  # one of KINDS
    legible: bool = True  # False: there is something like text that cannot be read
    turned: int = 0  # degrees clockwise (0, 90, 180, 270) by which the reader turned the picture
    codes: list[Code] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Lines without a frame, and fields without label and correction, leave these keys out."""
        made = asdict(self)
        for line in made["lines"]:
            if line["frame"] is None:
                del line["frame"]
        for one in made["fields"]:
            for key in ("label", "corrected"):
                if not one[key]:
                    del one[key]
        return made

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


def from_json(body: dict[str, Any]) -> Reading:
    """A reading that the gateway sends with a question. Unknown keys are ignored."""
    kind = body.get("kind")
    return Reading(
        str(body.get("image", "")),
        int(body.get("width") or 0),
        int(body.get("height") or 0),
        [_line(line) for line in body.get("lines") or []],
        [_field(one) for one in body.get("fields") or []],
        bool(body.get("partial")),
        kind if kind in KINDS else "other",
        body.get("legible") is not False,
        int(body.get("turned") or 0),
        [
            Code(str(code["format"]), str(code["text"]), _box(code))
            for code in body.get("codes") or []
        ],
    )


def _line(entry: dict[str, Any]) -> Line:
    frame = entry.get("frame")
    left, top, width, height = frame or (0, 0, 0, 0)
    return Line(
        str(entry["text"]),
        _box(entry),
        float(entry.get("confidence") or 0),
        (left, top, width, height) if frame else None,
    )


def _field(entry: dict[str, Any]) -> Field:
    return Field(
        str(entry["name"]),
        str(entry["value"]),
        _box(entry),
        float(entry.get("confidence") or 0),
        entry.get("valid"),
        str(entry.get("label") or ""),
        bool(entry.get("corrected")),
    )


def _box(entry: dict[str, Any]) -> Box:
    left, top, width, height = (round(side) for side in (entry.get("box") or (0, 0, 0, 0)))
    return left, top, width, height


def rows(lines: list[Line]) -> list[list[Line]]:
    """Lines that are side by side, top to bottom, each row left to right."""
    made: list[list[Line]] = []
    for line in sorted(lines, key=_middle):
        last = made[-1] if made else None
        if last and _spans(last[0], _middle(line)):
            last.append(line)
        else:
            made.append([line])
    return [sorted(row, key=lambda line: line.place[0]) for row in made]


def in_rows(lines: list[Line]) -> list[Line]:
    """The lines in reading order."""
    return [line for row in rows(lines) for line in row]


def beside(line: Line, lines: list[Line]) -> list[Line]:
    """The lines to the right in the same row, the nearest first."""
    left, _, width, _ = line.place
    right = [
        other
        for other in lines
        if other is not line
        and other.place[0] >= left + width / 2
        and (_spans(line, _middle(other)) or _spans(other, _middle(line)))
    ]
    return sorted(right, key=lambda other: other.place[0])


def below(line: Line, lines: list[Line]) -> list[Line]:
    """The lines below in the same columns, at most REACH heights away, the nearest first.

    Tables put values under labels.
    """
    left, top, width, height = line.place
    if not height:
        return []
    under = [
        other
        for other in lines
        if top + height * 0.5 < other.place[1] <= top + height * REACH
        and other.place[0] < left + width
        and left < other.place[0] + other.place[2]
    ]
    return sorted(under, key=lambda other: other.place[1])


def _middle(line: Line) -> float:
    """The height at which the line's middle lies."""
    _, top, _, height = line.place
    return top + height / 2


def _spans(line: Line, height: float) -> bool:
    _, top, _, own = line.place
    return top <= height <= top + own
