"""The type of a file by its first bytes. The type that its sender names is ignored."""

from contextlib import suppress
from typing import Any

from gateway.errors import ImageTooLarge, PDFTooLarge, TooLarge, UnsupportedMediaType
from gateway.media.other_files import ADVICE, ANY_HEIF, UNKNOWN, is_zip, other_file

ACCEPTED = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "image/bmp",
    "image/heic",
    "application/pdf",
    "application/ofd",
    "application/xml",
)
ACCEPTED_NAMES = "JPEG, PNG, WebP, GIF, BMP, HEIC or PDF; electronic invoices also as OFD or XML"
HEAD_BYTES = 1024  # a PDF may begin anywhere in them
HEIC_BRANDS = frozenset((b"heic", b"heix", b"hevc", b"heim", b"heis"))
AVIF_BRANDS = frozenset((b"avif", b"avis"))
MAX_BRANDS_BYTES = 256
OFD_ENTRY = b"OFD.xml"  # GB/T 33190, 6: in the root of the archive
SEARCHED = 64 * 1024  # bytes at either end of an archive
XML_SPACE = b"\xef\xbb\xbf \t\r\n"
NO_DOCUMENT = (b"<svg", b"<html", b"<!doctype html")


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
    if is_zip(data) and (OFD_ENTRY in data[:SEARCHED] or OFD_ENTRY in data[-SEARCHED:]):
        return "application/ofd"
    if _is_xml(data):
        return "application/xml"
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


def _is_xml(data: bytes | bytearray) -> bool:
    """Whether it may be an invoice: XML that is neither a picture nor a web page."""
    head = bytes(data[:HEAD_BYTES])
    if head.startswith((b"\xff\xfe<\0", b"\xfe\xff\0<")):
        return True
    head = head.lstrip(XML_SPACE).lower()
    is_markup = head.startswith((b"<?xml", b"<einvoice", b"<invoice"))
    return is_markup and not any(tag in head for tag in NO_DOCUMENT)


def _unsupported(data: bytes | bytearray) -> UnsupportedMediaType:
    other = other_file(data)
    details: dict[str, Any] = {"kind": other.kind, "accepted": list(ACCEPTED)}
    if other is UNKNOWN:
        reason = "This is no picture that can be read:"
    elif other.advice == "send_as_jpeg":
        reason = f"{other.kind} pictures are not taken:"
    else:
        reason = f"A {other.kind} (.{other.type}) is not read here: {ADVICE[other.advice]}, or"
        details |= {"type": other.type, "advice": other.advice}
    return UnsupportedMediaType(f"{reason} send {ACCEPTED_NAMES}.", details=details)


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
