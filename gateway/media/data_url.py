"""Data URLs (RFC 2397), base64 only."""

import io
import re
from contextlib import suppress
from urllib.parse import unquote_to_bytes

import pybase64

from gateway.errors import InvalidImage, UnsupportedMediaType
from gateway.media.sniff import HEAD_BYTES, sniff, too_large
from gateway.openai.base64_payload import Payload

# A file name of 255 Chinese characters has 2,295 when it is percent-encoded.
HEAD_CHARACTERS = 4096
SCHEME = re.compile(r"\s{0,8}data:", re.ASCII | re.IGNORECASE)
# The last parameter. The others need not be understood: base64 has neither `;` nor `,`, so the last
# match within HEAD_CHARACTERS ends the head, whatever is quoted or percent-encoded before it.
END = re.compile(r";\s{0,8}base64\s{0,8},", re.ASCII | re.IGNORECASE)
NOT_BASE64 = (b"\r", b"\n", b"\t", b"\f", b" ", b"%")  # white space, percent-encoding
# Bytes decoded at once. One call for all would need a copy of the payload.
PIECE = 256 * 1024
DAMAGED = "The picture's base64 is damaged."
EXAMPLE = "data:image/png;base64,…"


def decode(url: str, max_bytes: int, payload: Payload | None = None) -> bytes:
    """The bytes; `payload` is the base64 where it was taken out of `url`.

    Raises ImageTooLarge or PDFTooLarge before decoding, InvalidImage for anything but a data URL
    with base64. Padding may be missing, as in browsers (WHATWG's "forgiving-base64 decode"); but
    then the bytes must be a known type.
    """
    head = url[:HEAD_CHARACTERS]
    found = list(END.finditer(head)) if SCHEME.match(head) else []
    if not found or (payload is not None and found[-1].end() < len(url)):
        raise InvalidImage(f"A picture is a data URL: {EXAMPLE}", details={"expected": EXAMPLE})
    payload = _plain(payload or _whole(url[found[-1].end() :].encode("ascii", "replace")))
    size = len(payload) * 3 // 4
    if size > max_bytes + 3:
        raise too_large(_first_bytes(payload), size, max_bytes)
    # BytesIO returns its own buffer, where bytes(bytearray) would copy it.
    made = io.BytesIO(bytes(size))
    try:
        for begin in range(payload.start, payload.end, PIECE):
            piece = payload.body[begin : min(begin + PIECE, payload.end)]
            made.write(pybase64.b64decode(piece + b"=" * (-len(piece) % 4), validate=True))
    except ValueError:
        raise InvalidImage(DAMAGED, details={"name": "base64"}) from None
    if not made.tell():
        raise InvalidImage("The picture is empty.", details={"size": 0})
    made.truncate()
    data = made.getvalue()
    if len(payload) % 4:
        try:
            sniff(data)
        except UnsupportedMediaType:
            raise InvalidImage(DAMAGED, details={"name": "base64"}) from None
    return data


def _whole(text: bytes) -> Payload:
    return Payload(text, 0, len(text))


def _plain(payload: Payload) -> Payload:
    """The payload without percent-encoding and white space."""
    if all(
        payload.body.find(character, payload.start, payload.end) < 0 for character in NOT_BASE64
    ):
        return payload
    return _whole(b"".join(unquote_to_bytes(payload.body[payload.start : payload.end]).split()))


def _first_bytes(payload: Payload) -> bytes:
    text = payload.body[payload.start : min(payload.end, payload.start + 2 * HEAD_BYTES)]
    with suppress(ValueError):
        return pybase64.b64decode(text)
    return b""
