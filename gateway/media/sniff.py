"""The type of a file by its first bytes. The type that its sender names is ignored."""

import re
from contextlib import suppress

from gateway.errors import ImageTooLarge, PDFTooLarge, TooLarge, UnsupportedMediaType

ACCEPTED = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "image/bmp",
    "image/heic",
    "application/pdf",
)
ACCEPTED_NAMES = "JPEG, PNG, WebP, GIF, BMP, HEIC or PDF"
HEAD_BYTES = 1024  # a PDF may begin anywhere in them
HEIC_BRANDS = frozenset((b"heic", b"heix", b"hevc", b"heim", b"heis"))
ANY_HEIF = frozenset((b"mif1", b"msf1"))  # any codec: the compatible brands say which
AVIF_BRANDS = frozenset((b"avif", b"avis"))
MAX_BRANDS_BYTES = 256
# Formats that are refused by name, so that people know what to convert.
REFUSED = (
    ("AVIF", re.compile(rb"....ftyp(?:avif|avis)", re.DOTALL)),
    ("JPEG 2000", re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51")),
    ("JPEG XL", re.compile(rb"\0\0\0\x0cJXL |\xff\x0a")),
    ("TIFF", re.compile(rb"II[*+]\0|MM\0[*+]")),
)


def sniff(data: bytes | bytearray) -> str:
    """The media type, one of ACCEPTED. Raises UnsupportedMediaType."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"BM") and len(data) > 26:
        return "image/bmp"
    if _is_heic(data):
        return "image/heic"
    if b"%PDF-" in data[:HEAD_BYTES]:
        return "application/pdf"
    raise _unsupported(data)


def _is_heic(data: bytes | bytearray) -> bool:
    if data[4:8] != b"ftyp":
        return False
    brand = bytes(data[8:12])
    if brand not in ANY_HEIF:
        return brand in HEIC_BRANDS
    end = min(int.from_bytes(data[:4], "big"), MAX_BRANDS_BYTES)
    brands = {bytes(data[offset : offset + 4]) for offset in range(16, end, 4)}
    return not brands & AVIF_BRANDS or bool(brands & HEIC_BRANDS)


def _unsupported(data: bytes | bytearray) -> UnsupportedMediaType:
    head = bytes(data[: 2 * HEAD_BYTES])
    name = next((name for name, pattern in REFUSED if pattern.match(head)), "")
    if not name and head[4:8] == b"ftyp" and head[8:12] in ANY_HEIF:
        name = "AVIF"
    if not name and b"<svg" in head:
        name = "SVG"
    reason = f"{name} pictures are not taken" if name else "This is no picture that can be read"
    return UnsupportedMediaType(
        f"{reason}: send {ACCEPTED_NAMES}.",
        details={"kind": name or "unknown", "accepted": list(ACCEPTED)},
    )


def too_large(head: bytes | bytearray, size: int, max_bytes: int) -> TooLarge:
    """The error for a file of `size` bytes: PDFTooLarge or ImageTooLarge, by its first bytes."""
    details = {"limit": max_bytes, "size": size, "name": "IMAGE_MAX_BYTES"}
    with suppress(UnsupportedMediaType):
        if sniff(head) == "application/pdf":
            return PDFTooLarge(
                f"The PDF has {size} bytes; at most {max_bytes} are taken (IMAGE_MAX_BYTES).",
                details=details,
            )
    return ImageTooLarge(
        f"The picture has {size} bytes; at most {max_bytes} are taken (IMAGE_MAX_BYTES).",
        details=details,
    )
