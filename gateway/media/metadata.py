"""What the metadata strippers share: bounds, the EXIF orientation, colour profiles.

Metadata (texts, XMP, EXIF, previews, further frames) is removed before a library unpacks a file: a
compressed text of 40 KB may unpack to 40 MB, and decoders unpack all of them. What changes the
pixels stays: the orientation, a colour profile of at most MAX_PROFILE_BYTES, and the first frame.
Each stripper makes one linear pass over the file and copies the bytes that stay unread.
"""

import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass

from gateway.errors import InvalidImage

MAX_PARTS = 65_536  # chunks, segments or boxes; a picture of 20 MB in chunks of 4 KB has 5,000
MAX_PROFILE_BYTES = 4 * 1024 * 1024  # profiles of printing presses have 0.5 to 2.5 MB
PROFILE_MARK = slice(36, 40)  # `acsp` in the header of each profile (ICC.1:2022, 7.2.9)
MAX_TAGS = 512
ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4 A
SHORT, LONG = 3, 4
UPRIGHT, LAST_ORIENTATION = 1, 8


@dataclass(frozen=True, slots=True)
class StrippedImage:
    """`data` holds only the pixels and the colour profile; `orientation` is EXIF's, 1 to 8."""

    data: bytes | bytearray | memoryview
    orientation: int = UPRIGHT


def too_many_parts(limit: int = MAX_PARTS, parts: str = "parts") -> InvalidImage:
    """`parts` names them in the error."""
    return InvalidImage(
        f"The picture has more than {limit} {parts}; save it again and send that.",
        details={"limit": limit},
    )


def orientation(exif: bytes | bytearray) -> int:
    """The orientation, 1 to 8, in an EXIF block with or without its `Exif` mark; 1 where it is
    missing or damaged."""
    exif = exif[6:] if exif[:6] == b"Exif\0\0" else exif
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(exif[:4]))
    if order is None:
        return UPRIGHT
    with suppress(struct.error):
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        for offset in range(start + 2, start + 2 + 12 * min(count, MAX_TAGS), 12):
            tag, kind, _ = struct.unpack_from(order + "HHI", exif, offset)
            if tag == ORIENTATION and kind in (SHORT, LONG):
                (value,) = struct.unpack_from(
                    order + ("H" if kind == SHORT else "I"), exif, offset + 8
                )
                return int(value) if UPRIGHT <= value <= LAST_ORIENTATION else UPRIGHT
    return UPRIGHT


def is_profile(packed: bytes) -> bool:
    """Whether a zlib stream holds a colour profile within the bound. It unpacks no more than the
    bound."""
    unpacker = zlib.decompressobj()
    with suppress(zlib.error):
        profile = unpacker.decompress(packed, MAX_PROFILE_BYTES)
        return unpacker.eof and profile[PROFILE_MARK] == b"acsp"
    return False
