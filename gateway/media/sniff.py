"""What a file is, by its first bytes; what its sender says it is does not matter."""

from gateway.errors import UnsupportedMediaType

ACCEPTED = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/heic", "application/pdf")
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def sniff(data: bytes) -> str:
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
    if b"%PDF-" in data[:1024]:
        return "application/pdf"
    raise UnsupportedMediaType("This is no picture that can be read: send JPEG, PNG, WebP, GIF, BMP, HEIC or PDF.")
