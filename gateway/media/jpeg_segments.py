"""Strips JPEG and GIF, which consist of segments and blocks."""

import re

from gateway.media.metadata import (
    MAX_PARTS,
    MAX_PROFILE_BYTES,
    PROFILE_MARK,
    StrippedImage,
    orientation,
    too_many_parts,
)

# JPEG's markers (ITU-T T.81, table B.1). After 0xFF, zero is a byte of the picture, and D0 to D7
# restart its coder.
MARKER = re.compile(rb"\xff[^\xff\x00\xd0-\xd7]")
START, END, SCAN, TEMPORARY = 0xD8, 0xD9, 0xDA, 0x01
TABLES = frozenset((*range(0xC0, 0xD0), *range(0xDB, 0xE0)))
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
JFIF, EXIF, PROFILE, ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
PROFILE_HEAD = b"ICC_PROFILE\0"
MAX_SCANS = 100  # a progressive photograph has about ten; each is decoded over the whole picture

GIF_HEAD = 13
MAX_BLOCKS = 262_144  # of 255 bytes at most: 64 MB
FRAME, EXTENSION, CONTROL, TRAILER = 0x2C, 0x21, 0xF9, b";"
HAS_TABLE, TABLE_SIZE = 0x80, 0x07


def strip_jpeg(data: bytes | bytearray) -> StrippedImage:
    """Raises InvalidImage for more than MAX_PARTS segments or MAX_SCANS scans."""
    whole = memoryview(data)
    kept: list[bytes | bytearray | memoryview] = [whole[:2]]
    profile: list[bytes | bytearray] = []
    is_progressive, in_scan, scans, components, turned, offset = False, False, 0, 0, 0, 2
    for _ in range(MAX_PARTS):
        found = MARKER.search(data, offset)
        if in_scan or found is None:
            kept.append(whole[offset : found.start() if found else len(data)])
        if found is None:
            break
        marker, start = data[found.end() - 1], found.end()
        if marker == END:
            kept.append(b"\xff\xd9")
            break
        in_scan, offset = False, start
        if marker in (START, TEMPORARY):
            continue
        offset = start + int.from_bytes(data[start : start + 2], "big")
        segment, content = data[start - 2 : offset], data[start + 2 : offset]
        if marker == SCAN:
            kept.append(segment)
            in_scan, scans = True, scans + 1
            if not is_progressive and content[:1] == bytes((components,)):
                # One scan holds the whole picture; the rest of the file is not read.
                return StrippedImage(_headed(data, b"".join(kept), offset), turned or 1)
            if scans > MAX_SCANS:
                raise too_many_parts(MAX_SCANS, "scans")
        elif marker in TABLES:
            if marker in FRAMES:
                kept += _bounded(profile)
                is_progressive, components = (
                    marker in PROGRESSIVE,
                    content[5] if len(content) > 5 else 0,
                )
            kept.append(segment)
        elif (marker == JFIF and content[:4] == b"JFIF") or (
            marker == ADOBE and content[:5] == b"Adobe"
        ):
            kept.append(segment)
        elif marker == PROFILE and content.startswith(PROFILE_HEAD):
            profile.append(segment)
        elif marker == EXIF and content[:6] == b"Exif\0\0":
            turned = turned or orientation(content)
    else:
        raise too_many_parts()
    return StrippedImage(b"".join(kept), turned or 1)


def _headed(data: bytes | bytearray, head: bytes, offset: int) -> bytes | memoryview:
    """`head`, followed by the bytes from `offset` on. `head` is no longer than the bytes that it
    replaces, so a bytearray is changed in place, without a copy of megabytes."""
    if isinstance(data, bytes):
        return head + data[offset:]
    data[offset - len(head) : offset] = head
    return memoryview(data)[offset - len(head) :]


def _bounded(profile: list[bytes | bytearray]) -> list[bytes | bytearray]:
    """The segments of a colour profile; none where they are too large or hold something else."""
    head = 4 + len(PROFILE_HEAD) + 2  # marker, length, mark, number and count
    has_mark = any(segment[head:][PROFILE_MARK] == b"acsp" for segment in profile)
    return profile if has_mark and sum(map(len, profile)) <= MAX_PROFILE_BYTES else []


def strip_gif(data: bytes | bytearray) -> StrippedImage:
    """The first frame alone. Raises InvalidImage for too many blocks."""
    try:
        offset = GIF_HEAD + _table_bytes(data[10])
        head, control = bytes(data[:offset]), b""
        for _ in range(MAX_PARTS):
            start = offset
            if data[offset] == FRAME:
                end = _after_blocks(data, offset + 11 + _table_bytes(data[offset + 9]))
                return StrippedImage(head + control + data[start:end] + TRAILER)
            if data[offset] != EXTENSION:
                return StrippedImage(data[:offset])
            offset = _after_blocks(data, offset + 2)
            # The control extension holds the transparent colour of the next frame.
            if data[start + 1] == CONTROL:
                control = bytes(data[start:offset])
    except IndexError:
        return StrippedImage(data)  # cut short
    raise too_many_parts()


def _table_bytes(flags: int) -> int:
    return 3 << (flags & TABLE_SIZE) + 1 if flags & HAS_TABLE else 0


def _after_blocks(data: bytes | bytearray, offset: int) -> int:
    """The offset after a chain of blocks. Raises IndexError beyond the end of the file,
    InvalidImage for too many blocks."""
    for _ in range(MAX_BLOCKS):
        size = data[offset]
        offset += 1 + size
        if size == 0:
            return offset
    raise too_many_parts(MAX_BLOCKS, "blocks")
