"""Data URLs (RFC 2397), base64 only."""

import io
import re
from contextlib import suppress

import pybase64

from gateway.errors import InvalidImage
from gateway.media.sniff import HEAD_BYTES, too_large

HEAD = re.compile(r"data:[\w.+/-]*(?:;[\w=.+-]+)*;base64,", re.IGNORECASE)
# Decoded piece by piece: what lies behind the head would have to be copied for one call.
PIECE = 256 * 1024


def decode(url: str, max_bytes: int) -> bytes:
    """The bytes. Raises ImageTooLarge or PDFTooLarge before decoding, InvalidImage where it is no base64 data URL."""
    head = HEAD.match(url[:256])
    if head is None:
        raise InvalidImage("A picture is a data URL: data:image/png;base64,…")
    start = head.end()
    if any(space in url for space in "\r\n "):
        url, start = "".join(url[start:].split()), 0
    size = (len(url) - start) * 3 // 4
    if size > max_bytes + 3:
        raise too_large(_first_bytes(url[start : start + 2 * HEAD_BYTES]), str(size), max_bytes)
    made = io.BytesIO(bytes(size))  # its value is its own buffer, where bytes(bytearray) would be a second one
    try:
        for begin in range(start, len(url), PIECE):
            made.write(pybase64.b64decode(url[begin : begin + PIECE], validate=True))
    except ValueError:
        raise InvalidImage("The picture's base64 is damaged.") from None
    if not made.tell():
        raise InvalidImage("The picture is empty.")
    made.truncate()
    return made.getvalue()


def _first_bytes(text: str) -> bytes:
    with suppress(ValueError):
        return pybase64.b64decode(text)
    return b""
