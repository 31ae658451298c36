"""HEIC: boxes (ISO/IEC 14496-12) whose items are pictures, and texts that libraries unpack as well."""

import struct
from collections.abc import Iterator

from gateway.media.metadata import MAX_PARTS, Essence, too_many_parts

TEXTS = frozenset((b"Exif", b"mime", b"uri "))  # types of items; a mime item may be packed
UNKNOWN = b"skip"  # libheif passes over types that it does not know
ITEM_OF_WIDE_ID = 3  # version of `infe`


def heic(data: bytes | bytearray) -> Essence:
    """Items that are texts are renamed in place, so that no offset changes. The pictures' own turning stays."""
    made = bytearray(data)
    for start, end in _contents(data, 0, len(data), b"meta"):
        for begin, stop in _contents(data, start + 4, end, b"iinf"):
            first = begin + (6 if data[begin : begin + 1] == b"\0" else 8)
            for item, _ in _contents(data, first, stop, b"infe"):
                kind = item + (10 if data[item : item + 1] == bytes((ITEM_OF_WIDE_ID,)) else 8)
                if bytes(data[kind : kind + 4]) in TEXTS:
                    made[kind : kind + 4] = UNKNOWN
    return Essence(bytes(made))


def _contents(
    data: bytes | bytearray, place: int, end: int, wanted: bytes
) -> Iterator[tuple[int, int]]:
    """Where the contents of each box of this type begin and end."""
    for _ in range(MAX_PARTS):
        if place + 8 > end:
            return
        size, name = struct.unpack_from(">I4s", data, place)
        head = 8
        if size == 1 and place + 16 <= end:  # a length of 64 bits
            (size,) = struct.unpack_from(">Q", data, place + 8)
            head = 16
        behind = min(end, place + size) if size else end
        if name == wanted:
            yield place + head, behind
        if size < head:
            return
        place = behind
    raise too_many_parts()
