"""Data URLs (RFC 2397), base64 only."""

import io
import re
from contextlib import suppress

import pybase64

from gateway.errors import InvalidImage
from gateway.media.sniff import HEAD_BYTES, too_large
from gateway.payload import Payload

HEAD = re.compile(r"data:[\w.+/-]*(?:;[\w=.+-]+)*;base64,", re.IGNORECASE)
# Decoded piece by piece: what lies behind the head would have to be copied for one call.
PIECE = 256 * 1024


def decode(url: str, max_bytes: int, payload: Payload | None = None) -> bytes:
    """The bytes; `payload` is the base64 where it was taken out of `url`. Raises ImageTooLarge or PDFTooLarge before decoding,
    InvalidImage where it is no base64 data URL."""
    head = HEAD.match(url[:256])
    if head is None or (payload is not None and head.end() < len(url)):
        raise InvalidImage("A picture is a data URL: data:image/png;base64,…")
    if payload is None:
        text = "".join(url[head.end() :].split()).encode("ascii", "replace")
        payload = Payload(text, 0, len(text))
    size = len(payload) * 3 // 4
    if size > max_bytes + 3:
        raise too_large(
            _first_bytes(payload.body[payload.start : payload.start + 2 * HEAD_BYTES]), str(size), max_bytes
        )
    made = io.BytesIO(bytes(size))  # its value is its own buffer, where bytes(bytearray) would be a second one
    try:
        for begin in range(payload.start, payload.end, PIECE):
            made.write(pybase64.b64decode(payload.body[begin : min(begin + PIECE, payload.end)], validate=True))
    except ValueError:
        raise InvalidImage("The picture's base64 is damaged.") from None
    if not made.tell():
        raise InvalidImage("The picture is empty.")
    made.truncate()
    return made.getvalue()


def _first_bytes(text: bytes) -> bytes:
    with suppress(ValueError):
        return pybase64.b64decode(text)
    return b""
