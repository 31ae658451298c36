"""The base64 of data URLs in a JSON body: found while the body arrives, and left out of what is
parsed.

A JSON parser holds the interpreter as long as it runs, so its input is bounded. Pictures are not
part of that bound: the parser sees the rest of the body, with a short placeholder for each picture.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic_core import from_json

MARK = re.compile(rb";\s{0,8}base64\s{0,8},", re.IGNORECASE)
MARK_BYTES = 24
MIN_BYTES = 1024  # shorter base64 stays in the body
PIECE = 256 * 1024
ESCAPE_BYTES = 6  # of the longest escape, \u002b
WHITESPACE = b"\r\n\t "
PLACEHOLDER_LENGTH = 24

Span = tuple[int, int]  # base64 in a body: body[start:end]


@dataclass(frozen=True, slots=True)
class Payload:
    """The base64 of one data URL: `body[start:end]`, not a copy."""

    body: bytes = field(repr=False)
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


class Base64Finder:
    """Finds base64 in a body that arrives in pieces. Each piece is searched once, for a quote and a
    short mark."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.start = self.end = 0  # of the JSON, without whitespace around it
        self._received = 0
        self._span_bytes = 0
        self._open: int | None = None  # start of base64 that has not ended yet
        self._tail = b""  # a mark may be cut by the end of a piece

    @property
    def other_bytes(self) -> int:
        """Bytes of the JSON so far that are no base64 of MIN_BYTES or more."""
        open_bytes = 0 if self._open is None else self.end - self._open
        in_base64 = self._span_bytes + (open_bytes if open_bytes >= MIN_BYTES else 0)
        return self.end - self.start - in_base64

    def feed(self, piece: bytes) -> None:
        if not self.end:
            self.start = self._received + len(piece) - len(piece.lstrip(WHITESPACE))
        if text := piece.rstrip(WHITESPACE):
            self.end = self._received + len(text)
        window = self._tail + piece
        base = self._received - len(self._tail)  # the window's offset in the body
        at = 0
        while True:
            if self._open is None:
                found = MARK.search(window, at)
                if found is None:
                    break
                at = found.end()
                self._open = base + at
            at = window.find(b'"', at)
            if at < 0:
                break
            self._close(base + at)
        self._received += len(piece)
        self._tail = window[1 - MARK_BYTES :] if self._open is None else b""

    def _close(self, end: int) -> None:
        assert self._open is not None
        if end - self._open >= MIN_BYTES:
            self.spans.append((self._open, end))
            self._span_bytes += end - self._open
        self._open = None


@dataclass(frozen=True, slots=True)
class StrippedBody:
    """A body without its base64. `payloads` are what was left out and `spans` where it was, both by
    placeholder."""

    text: bytes
    payloads: dict[str, Payload]
    spans: dict[str, Span]


def strip_base64(body: bytes, spans: Sequence[Span], start: int, end: int) -> StrippedBody:
    """`body[start:end]` with placeholders for the base64 of `spans`."""
    if not spans:
        return StrippedBody(body[start:end], {}, {})
    # A client cannot forge a placeholder: the token is drawn after the whole body has arrived.
    token = secrets.token_hex(PLACEHOLDER_LENGTH // 2 - 4)
    kept: list[bytes] = []
    payloads: dict[str, Payload] = {}
    stripped: dict[str, Span] = {}
    at = start
    for number, span in enumerate(spans):
        payload = _payload(body, *span)
        if payload is None:
            continue
        placeholder = f"{token}{number:08x}"
        payloads[placeholder], stripped[placeholder] = payload, span
        kept += (body[at : span[0]], placeholder.encode("ascii"))
        at = span[1]
    return StrippedBody(b"".join((*kept, body[at:end])), payloads, stripped)


def _payload(body: bytes, start: int, end: int) -> Payload | None:
    if all(
        body.find(character, start, end) < 0 for character in (b"\\", b" ", b"\r", b"\n", b"\t")
    ):
        return Payload(body, start, end)
    return _unescaped(body, start, end)


def _unescaped(body: bytes, start: int, end: int) -> Payload | None:
    """Plain base64 from JSON as PHP (`\\/`), .NET (`\\u002B`) and MIME encoders (`\\r\\n`) write
    it. None where it is no base64."""
    pieces: list[bytes] = []
    while start < end:
        until = min(start + PIECE, end)
        if until < end:  # a piece must not end inside an escape
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
