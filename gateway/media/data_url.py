"""Data URLs (RFC 2397), base64 only."""

import io
import re
from contextlib import suppress
from urllib.parse import unquote_to_bytes

import pybase64

from gateway.errors import InvalidImage
from gateway.media.sniff import HEAD_BYTES, too_large
from gateway.openai.base64_payload import Payload

HEAD_CHARACTERS = 1024
SCHEME = re.compile(r"\s{0,8}data:", re.ASCII | re.IGNORECASE)
# The last parameter. No other one needs to be understood: neither `;` nor `,` is part of base64, so that the last match
# within the head's bound is the head's end, whatever stands quoted or percent-encoded before it.
END = re.compile(r";\s{0,8}base64\s{0,8},", re.ASCII | re.IGNORECASE)
ELSE = (
    b"\r",
    b"\n",
    b"\t",
    b" ",
    b"%",
)  # characters that are not base64 itself, and may stand in it
# Decoded piece by piece: what lies behind the head would have to be copied for one call.
PIECE = 256 * 1024
EXAMPLE = "data:image/png;base64,…"


def decode(url: str, max_bytes: int, payload: Payload | None = None) -> bytes:
    """The bytes; `payload` is the base64 where it was taken out of `url`.

    Raises ImageTooLarge or PDFTooLarge before decoding, InvalidImage where it is no base64 data URL.
    """
    head = url[:HEAD_CHARACTERS]
    found = list(END.finditer(head)) if SCHEME.match(head) else []
    if not found or (payload is not None and found[-1].end() < len(url)):
        raise InvalidImage(f"A picture is a data URL: {EXAMPLE}", details={"expected": EXAMPLE})
    payload = _bare(payload or _whole(url[found[-1].end() :].encode("ascii", "replace")))
    size = len(payload) * 3 // 4
    if size > max_bytes + 3:
        raise too_large(_first_bytes(payload), size, max_bytes)
    made = io.BytesIO(
        bytes(size)
    )  # its value is its own buffer, where bytes(bytearray) would be a second one
    try:
        for begin in range(payload.start, payload.end, PIECE):
            made.write(
                pybase64.b64decode(
                    payload.body[begin : min(begin + PIECE, payload.end)], validate=True
                )
            )
    except ValueError:
        raise InvalidImage("The picture's base64 is damaged.", details={"name": "base64"}) from None
    if not made.tell():
        raise InvalidImage("The picture is empty.", details={"size": 0})
    made.truncate()
    return made.getvalue()


def _whole(text: bytes) -> Payload:
    return Payload(text, 0, len(text))


def _bare(payload: Payload) -> Payload:
    """Base64 without percent-encoding and white space."""
    if all(payload.body.find(other, payload.start, payload.end) < 0 for other in ELSE):
        return payload
    return _whole(b"".join(unquote_to_bytes(payload.body[payload.start : payload.end]).split()))


def _first_bytes(payload: Payload) -> bytes:
    text = payload.body[payload.start : min(payload.end, payload.start + 2 * HEAD_BYTES)]
    with suppress(ValueError):
        return pybase64.b64decode(text)
    return b""
