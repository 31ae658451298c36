"""What a file is, by its first bytes; what its sender says it is does not matter."""

from contextlib import suppress

from gateway.errors import ImageTooLarge, PDFTooLarge, TooLarge, UnsupportedMediaType

ACCEPTED = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/heic", "application/pdf")
HEAD_BYTES = 1024  # a PDF may begin so late
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def sniff(data: bytes | bytearray) -> str:
    """The media type. Raises UnsupportedMediaType for anything but the seven kinds."""
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
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
        return "image/heic"
    if b"%PDF-" in data[:HEAD_BYTES]:
        return "application/pdf"
    raise UnsupportedMediaType("This is no picture that can be read: send JPEG, PNG, WebP, GIF, BMP, HEIC or PDF.")


def too_large(head: bytes | bytearray, size: str, max_bytes: int) -> TooLarge:
    """What a file of too many bytes is refused with, by its first ones."""
    with suppress(UnsupportedMediaType):
        if sniff(head) == "application/pdf":
            return PDFTooLarge(f"The PDF has {size} bytes; at most {max_bytes} are taken (IMAGE_MAX_BYTES).")
    return ImageTooLarge(f"The picture has {size} bytes; at most {max_bytes} are taken (IMAGE_MAX_BYTES).")
