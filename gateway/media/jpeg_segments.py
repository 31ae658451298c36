"""JPEG and GIF: segments and blocks, without a table of contents."""

import re

from gateway.media.metadata import (
    MAX_PARTS,
    MAX_PROFILE_BYTES,
    PROFILE_MARK,
    Essence,
    orientation,
    too_many_parts,
)

# JPEG's markers (ITU-T T.81, table B.1). Behind 0xFF, zero is a byte of the picture and D0 to D7 restart its coder.
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


def jpeg(data: bytes | bytearray) -> Essence:
    whole = memoryview(data)
    kept: list[bytes | bytearray | memoryview] = [whole[:2]]
    profile: list[bytes | bytearray] = []
    is_progressive, in_scan, scans, components, turned, place = False, False, 0, 0, 0, 2
    for _ in range(MAX_PARTS):
        found = MARKER.search(data, place)
        if in_scan or found is None:
            kept.append(whole[place : found.start() if found else len(data)])
        if found is None:
            break
        marker, start = data[found.end() - 1], found.end()
        if marker == END:
            kept.append(b"\xff\xd9")
            break
        in_scan, place = False, start
        if marker in (START, TEMPORARY):
            continue
        place = start + int.from_bytes(data[start : start + 2], "big")
        segment, content = data[start - 2 : place], data[start + 2 : place]
        if marker == SCAN:
            kept.append(segment)
            in_scan, scans = True, scans + 1
            if not is_progressive and content[:1] == bytes((components,)):
                # One scan has it all; what lies behind is never looked at.
                return Essence(_headed(data, b"".join(kept), place), turned or 1)
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
    return Essence(b"".join(kept), turned or 1)


def _headed(data: bytes | bytearray, head: bytes, place: int) -> bytes | memoryview:
    """`head`, which is no longer than what it stands for, before what begins at `place`: without a copy of megabytes, where
    that can be."""
    if isinstance(data, bytes):
        return head + data[place:]
    data[place - len(head) : place] = head
    return memoryview(data)[place - len(head) :]


def _bounded(profile: list[bytes | bytearray]) -> list[bytes | bytearray]:
    """The segments of a colour profile, or none of them where they are too many or hold something else."""
    head = 4 + len(PROFILE_HEAD) + 2  # marker, length, mark, number and count
    has_mark = any(segment[head:][PROFILE_MARK] == b"acsp" for segment in profile)
    return profile if has_mark and sum(map(len, profile)) <= MAX_PROFILE_BYTES else []


def gif(data: bytes | bytearray) -> Essence:
    """The first frame alone."""
    try:
        place = GIF_HEAD + _table_bytes(data[10])
        head, control = bytes(data[:place]), b""
        for _ in range(MAX_PARTS):
            start = place
            if data[place] == FRAME:
                end = _behind_blocks(data, place + 11 + _table_bytes(data[place + 9]))
                return Essence(head + control + data[start:end] + TRAILER)
            if data[place] != EXTENSION:
                return Essence(data[:place])
            place = _behind_blocks(data, place + 2)
            if (
                data[start + 1] == CONTROL
            ):  # how long the next frame stays, and its transparent colour
                control = bytes(data[start:place])
    except IndexError:
        return Essence(data)  # cut short
    raise too_many_parts()


def _table_bytes(flags: int) -> int:
    return 3 << (flags & TABLE_SIZE) + 1 if flags & HAS_TABLE else 0


def _behind_blocks(data: bytes | bytearray, place: int) -> int:
    """Raises IndexError beyond the end, InvalidImage for too many blocks."""
    for _ in range(MAX_BLOCKS):
        size = data[place]
        place += 1 + size
        if size == 0:
            return place
    raise too_many_parts(MAX_BLOCKS, "blocks")
