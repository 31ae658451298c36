"""Lines of text with their boxes in pixels, while they are put together from characters."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Box:
    """In pixels, from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def longer(self) -> float:
        return max(self.right - self.left, self.bottom - self.top)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def distance(self, other: "Box") -> float:
        """The gap between two boxes, on the axis where it is wider; negative if they touch."""
        across = max(other.left - self.right, self.left - other.right)
        down = max(other.top - self.bottom, self.top - other.bottom)
        return max(across, down)

    def as_json(self) -> list[int]:
        """[x, y, width, height]"""
        left, top = round(self.left), round(self.top)
        return [left, top, round(self.right) - left, round(self.bottom) - top]


def united(boxes: Iterable[Box]) -> Box:
    """The smallest box around all of them. Raises ValueError for none."""
    found = list(boxes)
    return Box(
        min(box.left for box in found),
        min(box.top for box in found),
        max(box.right for box in found),
        max(box.bottom for box in found),
    )


@dataclass(slots=True)
class TextLine:
    """`is_note`: it is shown only where a person opens it."""

    text: str = ""
    box: Box = field(default_factory=lambda: Box(0, 0, 0, 0))
    is_note: bool = False
    frame: list[int] | None = None
    first: Box | None = None
    last: Box | None = None

    def add(self, character: str, box: Box) -> None:
        self.box = united((self.box, box)) if self.text.strip() else box
        self.first, self.last = self.first or box, box
        self.text += character

    def add_space(self) -> None:
        if self.text and not self.text.endswith(" "):
            self.text += " "

    @property
    def turned(self) -> int:
        """Degrees clockwise by which its picture must be turned until it runs level."""
        if self.first is None or self.last is None or self.first == self.last:
            return 0
        (x1, y1), (x2, y2) = self.first.centre, self.last.centre
        across, down = x2 - x1, y2 - y1
        if abs(across) >= abs(down):
            return 0 if across >= 0 else 180
        return 270 if down > 0 else 90

    def as_json(self) -> dict[str, Any]:
        made = {"text": self.text.strip(), "box": self.box.as_json(), "confidence": 1.0}
        return made if self.frame is None else {**made, "frame": self.frame}


def frames_of(lines: Sequence[TextLine]) -> int:
    """Degrees clockwise by which the page is turned until most of its text runs level. Where that
    is not 0, sets each line's frame: its box on the turned page."""
    votes: Counter[int] = Counter()
    for line in lines:
        votes[line.turned] += len(line.text)
    # Counter.most_common would load a module, which a worker may not.
    turned = max(votes, key=votes.__getitem__, default=0)
    if turned:
        whole = united(line.box for line in lines)
        for line in lines:
            line.frame = _turned(line.box, whole, turned).as_json()
    return turned


def _turned(box: Box, whole: Box, degrees: int) -> Box:
    """The box after its page was turned clockwise, measured from the corner of the text."""
    left, right = box.left - whole.left, box.right - whole.left
    top, bottom = box.top - whole.top, box.bottom - whole.top
    width, height = whole.right - whole.left, whole.bottom - whole.top
    if degrees == 180:
        return Box(width - right, height - bottom, width - left, height - top)
    if degrees == 90:
        return Box(height - bottom, left, height - top, right)
    return Box(top, width - right, bottom, width - left)
