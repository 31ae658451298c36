"""Everything beside the pixels is taken out of a file before a library unpacks it: texts, XMP, EXIF, previews, more frames.

A compressed text chunk of 40 KB may unpack to 40 MB, and decoders unpack all of them. What changes the pixels stays:
the orientation, a colour profile of at most MAX_PROFILE_BYTES, the first frame. One linear pass over the container; the
bytes that stay are copied unread.
"""

import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass

from gateway.errors import InvalidImage

MAX_PARTS = 65_536  # chunks, segments or boxes; a picture of 20 MB in chunks of 4 KB has 5,000
MAX_PROFILE_BYTES = 4 * 1024 * 1024  # profiles of presses, with their tables, have 0.5 to 2.5 MB
PROFILE_MARK = slice(36, 40)  # `acsp` in the header of each profile (ICC.1:2022, 7.2.9)
MAX_TAGS = 512
ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4 A
SHORT, LONG = 3, 4
UPRIGHT, LAST_ORIENTATION = 1, 8


@dataclass(frozen=True, slots=True)
class Essence:
    """`data` holds the pixels and the colour profile alone; `orientation` is EXIF's, 1 to 8."""

    data: bytes | bytearray | memoryview
    orientation: int = UPRIGHT


def too_many_parts(limit: int = MAX_PARTS, what: str = "parts") -> InvalidImage:
    return InvalidImage(
        f"The picture has more than {limit} {what}; save it again and send that.",
        details={"limit": limit},
    )


def orientation(exif: bytes | bytearray) -> int:
    """From an EXIF block, with or without its `Exif` mark; 1 where it has none or is damaged."""
    exif = exif[6:] if exif[:6] == b"Exif\0\0" else exif
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(exif[:4]))
    if order is None:
        return UPRIGHT
    with suppress(struct.error):
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        for place in range(start + 2, start + 2 + 12 * min(count, MAX_TAGS), 12):
            tag, kind, _ = struct.unpack_from(order + "HHI", exif, place)
            if tag == ORIENTATION and kind in (SHORT, LONG):
                (value,) = struct.unpack_from(
                    order + ("H" if kind == SHORT else "I"), exif, place + 8
                )
                return int(value) if UPRIGHT <= value <= LAST_ORIENTATION else UPRIGHT
    return UPRIGHT


def is_profile(packed: bytes) -> bool:
    """Whether a zlib stream holds a colour profile within the bound. No more than the bound is unpacked."""
    unpacker = zlib.decompressobj()
    with suppress(zlib.error):
        profile = unpacker.decompress(packed, MAX_PROFILE_BYTES)
        return unpacker.eof and profile[PROFILE_MARK] == b"acsp"
    return False
