"""Removes the metadata of PNG and JPEG, so that no decoder unpacks text, profiles or EXIF."""

import struct

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"
# PNG, 4.1 and 11.3.2: all that pixels need. An APNG without the chunks of its animation is its
# default image.
NEEDED_CHUNKS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
MAX_CHUNKS = 65_536  # encoders write chunks of 4 KB and more
# JPEG, table B.1. APP0 and APP14 say how colours are stored.
START_OF_SCAN, APP0, APP1, APP14, APP15, COMMENT = 0xDA, 0xE0, 0xE1, 0xEE, 0xEF, 0xFE
EXIF = b"Exif\0\0"
MAX_EXIF_BYTES = 65_536
ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4
MAX_TAGS = 512  # that are searched in the first directory


def stripped(data: bytes) -> tuple[bytes, int]:
    """(the file without metadata, its EXIF orientation 1 to 8). Other formats are returned as is.

    Raises ValueError or struct.error if the file's structure is broken.
    """
    if data.startswith(PNG):
        return _png(data)
    if data.startswith(JPEG):
        return _jpeg(data)
    return data, 1


def _png(data: bytes) -> tuple[bytes, int]:
    view = memoryview(data)
    kept = [view[: len(PNG)]]
    position, orientation = len(PNG), 1
    for _ in range(MAX_CHUNKS):
        if position == len(data):
            return b"".join(kept), orientation
        length, kind = struct.unpack_from(">I4s", data, position)
        start, end = position + 8, position + 12 + length
        if end > len(data):
            raise ValueError("cut off")
        if kind in NEEDED_CHUNKS:
            kept.append(view[position:end])
        elif kind == b"eXIf":
            orientation = _orientation(data[start : start + min(length, MAX_EXIF_BYTES)])
        position = len(data) if kind == b"IEND" else end
    raise ValueError("too many chunks")


def _jpeg(data: bytes) -> tuple[bytes, int]:
    view = memoryview(data)
    kept = [view[: len(JPEG)]]
    position, orientation = len(JPEG), 1
    while True:
        marker, kind, length = struct.unpack_from(">BBH", data, position)
        if marker != 0xFF:
            raise ValueError("no marker")
        if kind == 0xFF:  # a fill byte
            position += 1
            continue
        if kind == START_OF_SCAN:
            kept.append(view[position:])
            return b"".join(kept), orientation
        end = position + 2 + length
        if length < 2 or end > len(data):
            raise ValueError("cut off")
        if kind == APP1 and data[position + 4 : position + 10] == EXIF:
            orientation = _orientation(data[position + 10 : end])
        if kind != COMMENT and (kind in (APP0, APP14) or not APP0 <= kind <= APP15):
            kept.append(view[position:end])
        position = end


def _orientation(exif: bytes) -> int:
    """The orientation in the first directory of a TIFF header; 1 if there is no valid one."""
    try:
        order = {b"II": "<", b"MM": ">"}[exif[:2]]
        (directory,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, directory)
        for number in range(min(count, MAX_TAGS)):
            tag, _, _, value = struct.unpack_from(order + "HHIH", exif, directory + 2 + 12 * number)
            if tag == ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except (KeyError, struct.error):
        pass
    return 1
