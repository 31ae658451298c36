"""Strips PNG and WebP, which consist of chunks with a name and a length."""

import struct

from gateway.media.metadata import (
    MAX_PARTS,
    MAX_PROFILE_BYTES,
    StrippedImage,
    is_profile,
    orientation,
    too_many_parts,
)

PNG_HEAD = 8
PNG_FRAME = 12  # length, name and checksum of a chunk
ANCILLARY = 0x20  # in a name's first byte (PNG 3, 5.4)
# Ancillary chunks that change the pixels.
COLOUR = frozenset((b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT"))
MAX_PROFILE_NAME = 80  # with the zero byte at its end

RIFF_HEAD = 12
FRAME = frozenset((b"VP8 ", b"VP8L", b"ANMF"))  # the picture, or the first of an animation
BEFORE_FRAME = frozenset((b"ALPH", b"ANIM"))
HAS_PROFILE, HAS_EXIF, HAS_XMP = 0x20, 0x08, 0x04  # in VP8X (RFC 9649, 2.7.1)


def strip_png(data: bytes | bytearray) -> StrippedImage:
    """Raises InvalidImage for more than MAX_PARTS chunks."""
    whole = memoryview(data)
    kept, turned, offset = [whole[:PNG_HEAD]], 1, PNG_HEAD
    for _ in range(MAX_PARTS):
        if offset + 8 > len(data):
            break
        size, name = struct.unpack_from(">I4s", data, offset)
        content, end = whole[offset + 8 : offset + 8 + size], offset + PNG_FRAME + size
        if not name[0] & ANCILLARY or name in COLOUR or (name == b"iCCP" and _has_profile(content)):
            kept.append(whole[offset:end])
        elif name == b"eXIf":
            turned = orientation(bytes(content))
        offset = end if name != b"IEND" else len(data)
    else:
        raise too_many_parts()
    return StrippedImage(b"".join(kept), turned)


def _has_profile(content: memoryview) -> bool:
    """Whether an iCCP chunk holds a colour profile: name, zero byte, method 0, zlib stream."""
    end = bytes(content[:MAX_PROFILE_NAME]).find(b"\0")
    return (
        end > 0
        and bytes(content[end + 1 : end + 2]) == b"\0"
        and is_profile(bytes(content[end + 2 :]))
    )


def strip_webp(data: bytes | bytearray) -> StrippedImage:
    """Raises InvalidImage for more than MAX_PARTS chunks."""
    whole = memoryview(data)
    kept: list[bytes | memoryview] = []
    turned, has_frame, has_profile, offset = 1, False, False, RIFF_HEAD
    for _ in range(MAX_PARTS):
        if offset + 8 > len(data):
            break
        name, size = struct.unpack_from("<4sI", data, offset)
        end = offset + 8 + size + size % 2
        if name == b"VP8X" and not kept:
            kept.append(whole[offset:end])
        elif name == b"ICCP" and size <= MAX_PROFILE_BYTES and not has_frame and not has_profile:
            has_profile = True
            kept.append(whole[offset:end])
        elif (name in FRAME or name in BEFORE_FRAME) and not has_frame:
            has_frame = name in FRAME
            kept.append(whole[offset:end])
        elif name == b"EXIF":
            turned = orientation(data[offset + 8 : offset + 8 + size])
        offset = end
    else:
        raise too_many_parts()
    if kept and kept[0][:4] == b"VP8X":
        kept[0] = _without_flags(bytes(kept[0]), has_profile)
    body = b"".join(kept)
    return StrippedImage(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body, turned)


def _without_flags(extended: bytes, has_profile: bool) -> bytes:
    """The chunk VP8X without the flags of the chunks that were removed."""
    removed = HAS_EXIF | HAS_XMP | (0 if has_profile else HAS_PROFILE)
    return extended[:8] + bytes(flags & ~removed for flags in extended[8:9]) + extended[9:]
