"""The body of a request to an engine: JSON with pictures in it as data URLs.

Pictures become base64 piece by piece while they are written. As strings inside the JSON they would
be in memory three times over.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Protocol

import orjson
import pybase64

PIECE = 192 * 1024  # bytes; a multiple of three, so that pieces of base64 have no padding


class Sendable(Protocol):
    """A request's body: its length in bytes, and its pieces in order. It can be read again."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class DataURL:
    data: bytes
    content_type: str

    @property
    def head(self) -> bytes:
        return f"data:{self.content_type};base64,".encode("ascii")

    def __len__(self) -> int:
        return len(self.head) + (len(self.data) + 2) // 3 * 4

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        for start in range(0, len(self.data), PIECE):
            yield pybase64.b64encode(memoryview(self.data)[start : start + PIECE])


@dataclass(frozen=True, slots=True)
class Raw:
    """A body of bytes as they are."""

    data: bytes

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[bytes]:
        yield self.data


class Body:
    """`content` as JSON, each DataURL in it as a string."""

    __slots__ = ("_texts", "_urls", "content")

    def __init__(self, content: dict[str, Any]) -> None:
        """Raises TypeError for a value that JSON has no form for."""
        self.content = content
        self._urls: list[DataURL] = []
        mark = ""

        def marked(value: Any) -> str:
            nonlocal mark
            if not isinstance(value, DataURL):
                raise TypeError(f"{type(value).__name__} is no JSON")
            mark = mark or secrets.token_hex(16)  # random: no text of a caller contains it
            self._urls.append(value)
            return mark

        text = orjson.dumps(content, default=marked, option=orjson.OPT_PASSTHROUGH_DATACLASS)
        self._texts = text.split(mark.encode("ascii")) if self._urls else [text]

    def __len__(self) -> int:
        return sum(map(len, self._texts)) + sum(map(len, self._urls))

    def __iter__(self) -> Iterator[bytes]:
        for text, url in zip_longest(self._texts, self._urls):
            yield text
            if url is not None:
                yield from url
