"""Data URLs (RFC 2397), base64 only."""

import binascii
import re

from gateway.errors import ImageTooLarge, InvalidImage

HEAD = re.compile(r"data:[\w.+/-]*(?:;[\w=.+-]+)*;base64,", re.IGNORECASE)
# Decoded piece by piece: one call on 6 MB would hold the interpreter, and so every stream, for 8 ms.
PIECE = 256 * 1024


def decode(url: str, max_bytes: int, param: str) -> bytes:
    """The bytes. Raises ImageTooLarge before decoding, InvalidImage where it is no base64 data URL."""
    head = HEAD.match(url[:256])
    if head is None:
        raise InvalidImage("A picture is a data URL: data:image/png;base64,…", param=param)
    size = (len(url) - head.end()) * 3 // 4
    if size > max_bytes + 3:
        raise ImageTooLarge(
            f"The picture has {size} bytes; at most {max_bytes} are taken (IMAGE_MAX_BYTES).", param=param
        )
    made = bytearray()
    try:
        encoded = "".join(url[head.end() :].split()) if any(space in url for space in "\r\n ") else url[head.end() :]
        for start in range(0, len(encoded), PIECE):
            made += binascii.a2b_base64(encoded[start : start + PIECE], strict_mode=True)
    except (binascii.Error, ValueError):
        raise InvalidImage("The picture's base64 is damaged.", param=param) from None
    if not made:
        raise InvalidImage("The picture is empty.", param=param)
    return bytes(made)
