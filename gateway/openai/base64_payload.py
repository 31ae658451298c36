"""The base64 of data URLs in a JSON body: found while the body comes, and left out of what is parsed.

A parser holds the interpreter for as long as it runs, so what it gets is bounded. Pictures are not: of a body that may
have `MAX_BODY_BYTES`, the parser sees the rest, with a short placeholder where each picture was.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic_core import from_json

MARK = b";base64,"
MIN_BYTES = 1024  # shorter base64 stays where it is
PIECE = 256 * 1024
ESCAPE_BYTES = 6  # of the longest escape, \u002b
WHITESPACE = b"\r\n\t "
PLACEHOLDER_LENGTH = 24


Span = tuple[int, int]  # where base64 stands in a body: body[start:end]


@dataclass(frozen=True, slots=True)
class Payload:
    """The base64 of one data URL: `body[start:end]`. It keeps the body, of which it is no copy."""

    body: bytes = field(repr=False)
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


class Finder:
    """Finds base64 in a body that comes in pieces. Each piece is searched once, for single bytes and one short word."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.start = self.end = 0  # of the JSON, without whitespace around it
        self._seen = 0
        self._in_spans = 0
        self._open: int | None = None  # start of base64 that has not ended yet
        self._tail = b""  # a mark may lie across two pieces

    @property
    def rest(self) -> int:
        """Bytes of the JSON so far that are no base64 of `MIN_BYTES` or more."""
        waiting = 0 if self._open is None else self.end - self._open
        return self.end - self.start - self._in_spans - (waiting if waiting >= MIN_BYTES else 0)

    def feed(self, piece: bytes) -> None:
        if not self.end:
            self.start = self._seen + len(piece) - len(piece.lstrip(WHITESPACE))
        if text := piece.rstrip(WHITESPACE):
            self.end = self._seen + len(text)
        window = self._tail + piece
        base = self._seen - len(self._tail)  # where the window stands in the body
        at = 0
        while True:
            if self._open is None:
                found = window.find(MARK, at)
                if found < 0:
                    break
                at = found + len(MARK)
                self._open = base + at
            at = window.find(b'"', at)
            if at < 0:
                break
            self._close(base + at)
        self._seen += len(piece)
        self._tail = window[1 - len(MARK) :] if self._open is None else b""

    def _close(self, end: int) -> None:
        assert self._open is not None
        if end - self._open >= MIN_BYTES:
            self.spans.append((self._open, end))
            self._in_spans += end - self._open
        self._open = None


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A body without its base64. `payloads` has what was left out, by the placeholder that stands in its place, and
    `spans` where that was."""

    text: bytes
    payloads: dict[str, Payload]
    spans: dict[str, Span]


def cut(body: bytes, spans: Sequence[Span], start: int, end: int) -> Skeleton:
    """`body[start:end]` without the base64 of `spans`."""
    if not spans:
        return Skeleton(body[start:end], {}, {})
    # Nobody can write a placeholder into a body: it is drawn when the whole body is there.
    token = secrets.token_hex(PLACEHOLDER_LENGTH // 2 - 4)
    kept: list[bytes] = []
    payloads: dict[str, Payload] = {}
    places: dict[str, Span] = {}
    at = start
    for number, (first, last) in enumerate(spans):
        payload = (
            Payload(body, first, last)
            if _is_plain(body, first, last)
            else _unescaped(body, first, last)
        )
        if payload is None:
            continue
        name = f"{token}{number:08x}"
        payloads[name], places[name] = payload, (first, last)
        kept += (body[at:first], name.encode("ascii"))
        at = last
    return Skeleton(b"".join((*kept, body[at:end])), payloads, places)


def _is_plain(body: bytes, start: int, end: int) -> bool:
    return all(
        body.find(character, start, end) < 0 for character in (b"\\", b" ", b"\r", b"\n", b"\t")
    )


def _unescaped(body: bytes, start: int, end: int) -> Payload | None:
    """Base64 as PHP (`\\/`), .NET (`\\u002B`) and MIME encoders (`\\r\\n`) write it into JSON, made plain. None where
    it is no base64."""
    pieces: list[bytes] = []
    while start < end:
        until = min(start + PIECE, end)
        if until < end:  # not in the middle of an escape
            escape = body.rfind(b"\\", until - ESCAPE_BYTES, until)
            until = escape if escape > start else until
        try:
            text = from_json(b'"%b"' % body[start:until].translate(None, b"\r\n"))
            pieces.append(text.encode("ascii").translate(None, WHITESPACE))
        except ValueError:
            return None
        start = until
    plain = b"".join(pieces)
    return Payload(plain, 0, len(plain))
