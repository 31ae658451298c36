"""Strips HEIC, which consists of boxes (ISO/IEC 14496-12). Its items are pictures and texts."""

import struct
from collections.abc import Iterator

from gateway.media.metadata import MAX_PARTS, StrippedImage, too_many_parts

TEXTS = frozenset((b"Exif", b"mime", b"uri "))  # types of items; a mime item may be compressed
UNKNOWN = b"skip"  # libheif ignores types that it does not know
WIDE_ID_VERSION = 3  # version of `infe` with an id of 32 bits


def strip_heic(data: bytes | bytearray) -> StrippedImage:
    """Text items are renamed in place, so that no offset changes. The picture's own rotation stays.
    Raises InvalidImage for more than MAX_PARTS boxes."""
    made = bytearray(data)
    for start, end in _contents(data, 0, len(data), b"meta"):
        for begin, stop in _contents(data, start + 4, end, b"iinf"):
            first = begin + (6 if data[begin : begin + 1] == b"\0" else 8)
            for item, _ in _contents(data, first, stop, b"infe"):
                kind = item + (10 if data[item : item + 1] == bytes((WIDE_ID_VERSION,)) else 8)
                if bytes(data[kind : kind + 4]) in TEXTS:
                    made[kind : kind + 4] = UNKNOWN
    return StrippedImage(bytes(made))


def _contents(
    data: bytes | bytearray, offset: int, end: int, wanted: bytes
) -> Iterator[tuple[int, int]]:
    """(start, end) of the contents of each box of the type `wanted`."""
    for _ in range(MAX_PARTS):
        if offset + 8 > end:
            return
        size, name = struct.unpack_from(">I4s", data, offset)
        head = 8
        if size == 1 and offset + 16 <= end:  # a length of 64 bits
            (size,) = struct.unpack_from(">Q", data, offset + 8)
            head = 16
        after = min(end, offset + size) if size else end
        if name == wanted:
            yield offset + head, after
        if size < head:
            return
        offset = after
    raise too_many_parts()
