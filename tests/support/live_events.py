"""A reader of server-sent events."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests


@dataclass
class Live:
    """One open stream; `read` waits for its next event."""

    answer: requests.Response
    lines: Iterator[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.answer.iter_lines(chunk_size=1)

    def block(self) -> dict[str, str]:
        """The lines up to the next empty one. Raises StopIteration at the stream's end."""
        told: dict[str, str] = {}
        while line := next(self.lines):
            name, _, value = line.decode().partition(": ")
            told[name] = value
        return told

    def read(self) -> tuple[int, str, Any]:
        while "data" not in (block := self.block()):
            pass
        return int(block["id"]), block["event"], json.loads(block["data"])
