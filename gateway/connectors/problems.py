"""What is wrong with a connector's file, and where."""

from collections.abc import Mapping
from dataclasses import dataclass

Place = tuple[str | int, ...]  # keys and indices from the top of the file


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` counts from 1; 0 where the whole file or folder is meant."""

    path: str
    line: int
    reason: str

    def told(self) -> dict[str, str | int]:
        return {"path": self.path, "line": self.line, "reason": self.reason}


class Wrong(Exception):
    """A file cannot be used. `place` is where, as far as it is known."""

    def __init__(self, reason: str, *place: str | int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place: Place = place

    def under(self, *place: str | int) -> "Wrong":
        """The same, seen from further up in the file."""
        return Wrong(self.reason, *place, *self.place)


def line_of(lines: Mapping[Place, int], place: Place) -> int:
    """The line of the place, or of the nearest thing around it."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)
