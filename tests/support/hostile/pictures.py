"""Hostile pictures and documents: name → (bytes, (status, code)).

What takes long to make is made when `data_of` is asked for it, not while tests are collected.
"""

import struct
import zlib
from collections.abc import Callable
from functools import cache

from tests.support.pictures import (
    HEIC,
    block,
    bmp,
    encoded,
    encoded_plain,
    gif,
    half,
    jpeg_of,
    jpeg_of_many_scans,
    jpeg_with,
    locked_pdf,
    many_frames,
    pdf,
    png,
    webp_head,
)
from tests.support.screens import data_url

Answer = tuple[int, str]
OK: Answer = (200, "")
DAMAGED: Answer = (400, "invalid_image")
TOO_LARGE: Answer = (413, "image_too_large")
NO_PICTURE: Answer = (415, "unsupported_media_type")

Data = bytes | Callable[[], bytes]


def data_of(name: str) -> tuple[bytes, Answer]:
    data, expected = PICTURES[name]
    return (data() if callable(data) else data), expected


@cache
def bomb() -> bytes:
    """200 MB in a few bytes."""
    return zlib.compress(b"A" * 200_000_000, 9)


# EXIF whose every entry is a folder that is itself again.
LOOPS = (
    b"II*\0\x08\0\0\0" + struct.pack("<H", 65_535) + struct.pack("<HHII", 0x8769, 4, 1, 8) * 50_000
)
PICTURES: dict[str, tuple[Data, Answer]] = {
    # What is no picture, whatever it calls itself.
    "svg": (
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        NO_PICTURE,
    ),
    "xml entities": (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>',
        (400, "invalid_image"),
    ),
    "html": (b"<!doctype html><script>alert(1)</script>", NO_PICTURE),
    "tiff": (b"II*\0" + b"\0" * 64, NO_PICTURE),
    "postscript": (b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file", NO_PICTURE),
    "magick vector": (
        b"push graphic-context\nimage over 0,0 0,0 'https://evil.example'",
        NO_PICTURE,
    ),
    "photoshop": (b"8BPS" + b"\0" * 64, NO_PICTURE),
    "openexr": (b"\x76\x2f\x31\x01" + b"\0" * 64, NO_PICTURE),
    "jpeg 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 64, NO_PICTURE),
    "avif": (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + b"\0" * 64, NO_PICTURE),
    "video": (b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + b"\0" * 64, NO_PICTURE),
    "zip": (b"PK\x03\x04" + b"\0" * 64, NO_PICTURE),
    "elf": (b"\x7fELF" + b"\0" * 64, NO_PICTURE),
    "icon": (b"\0\0\x01\0\x01\0" + b"\0" * 64, NO_PICTURE),
    "netpbm": (b"P6 65535 65535 255\n", NO_PICTURE),
    "radiance": (b"#?RADIANCE\n\n-Y 99999 +X 99999\n", NO_PICTURE),
    "one byte": (b"\x89", NO_PICTURE),
    "spaces before png": (b" " + encoded("PNG"), NO_PICTURE),
    # Two things at once: the first bytes decide, and what comes out is a new picture.
    "gif and javascript": (encoded("GIF") + b"/*<script>alert(1)</script>*/", OK),
    "jpeg and zip": (encoded("JPEG") + b"PK\x03\x04evil", OK),
    "png and html": (encoded("PNG") + b"<script>alert(1)</script>", OK),
    "pdf inside html": (b"<html>" + b" " * 100 + pdf(), OK),
    # Sizes that a header claims.
    "png 30001 wide": (png(30_001, 1, pixels=b""), TOO_LARGE),
    "png 30001 high": (png(1, 30_001, pixels=b""), TOO_LARGE),
    "png 900 megapixels": (lambda: png(30_000, 30_000, pixels=b"\0"), TOO_LARGE),
    "png 2^31-1": (png(2**31 - 1, 2**31 - 1, pixels=b"\0"), DAMAGED),
    "png 2^32-1": (png(2**32 - 1, 1, pixels=b"\0"), DAMAGED),
    "png 0 wide": (png(0, 10, pixels=b""), DAMAGED),
    "jpeg 65500": (jpeg_of(65_500, 65_500), TOO_LARGE),
    "jpeg 65535": (jpeg_of(65_535, 65_535), DAMAGED),  # more than libjpeg believes
    "jpeg 30000": (jpeg_of(30_000, 30_000), TOO_LARGE),
    "jpeg 0": (jpeg_of(0, 0), DAMAGED),
    "gif 65535": (gif(65_535, 65_535), TOO_LARGE),
    "gif whose frame is larger": (gif(10, 65_535), TOO_LARGE),
    "webp 16383": (webp_head(16_383, 16_383), DAMAGED),
    "bmp 20000": (bmp(20_000, 20_000), TOO_LARGE),
    "bmp 2^31-1": (bmp(2**31 - 1, 2**31 - 1), TOO_LARGE),
    "bmp upside down 2^31": (bmp(100, -(2**31)), TOO_LARGE),
    "bmp below zero wide": (bmp(-5, 5), TOO_LARGE),
    "bmp 0": (bmp(0, 0), DAMAGED),
    # Few bytes that become many.
    "png text bomb": (lambda: png(50, 50, block(b"zTXt", b"a\0\0" + bomb())), OK),
    "png xmp bomb": (lambda: png(50, 50, block(b"iTXt", b"XML\0\1\0\0\0" + bomb())), OK),
    "png profile bomb": (lambda: png(50, 50, block(b"iCCP", b"a\0\0" + bomb())), OK),
    "png of eight text bombs": (
        lambda: png(50, 50, *[block(b"zTXt", b"a\0\0" + bomb())] * 8),
        OK,
    ),
    "png exif of loops": (png(50, 50, block(b"eXIf", LOOPS)), OK),
    "png of 100000 chunks": (lambda: png(50, 50, block(b"tEXt", b"") * 100_000), DAMAGED),
    "png whose chunk claims 4 gigabytes": (
        png(50, 50)[:33] + b"\xff\xff\xff\xfftEXt" + png(50, 50)[33:],
        DAMAGED,
    ),
    "jpeg exif of loops": (jpeg_with(b"Exif\0\0" + LOOPS[:60_000], 0xE1, 30), OK),
    "jpeg of a megabyte of profiles": (
        jpeg_with(b"ICC_PROFILE\0\1\1" + b"p" * 60_000, 0xE2, 20),
        OK,
    ),
    "jpeg of 400000 comments": (jpeg_with(b"", 0xFE, 400_000), DAMAGED),
    "gif of 100000 frames": (gif(64, 64, 100_000), OK),
    "gif of 100000 comments": (gif(64, 64)[:19] + b"!\xfe\0" * 100_000 + gif(64, 64)[19:], DAMAGED),
    "webp of 100000 chunks": (encoded("WEBP") + struct.pack("<4sI", b"XMP ", 0) * 100_000, DAMAGED),
    "heic of many tiny boxes": (
        HEIC[:24] + struct.pack(">I4s", 8, b"free") * 100_000 + HEIC[24:],
        DAMAGED,
    ),
    "heic 49 megapixels of nothing": (lambda: encoded_plain("HEIF", (7000, 7000)), OK),
    "png pixel bomb": (lambda: png(50, 50, pixels=b"\0" * 200_000_000), OK),
    "png 49 megapixels of nothing": (lambda: png(7000, 7000), OK),
    "gif of 500 frames": (lambda: many_frames("GIF", 500), OK),
    "webp of 200 frames": (lambda: many_frames("WEBP", 200), OK),
    "png of 100 frames": (lambda: many_frames("PNG", 100), OK),
    "bmp run-length bomb": (bmp(7000, 7000, 8, 1, b"\xff\0" * 10), DAMAGED),
    "bmp unknown compression": (bmp(10, 10, 24, 9, b"x" * 400), DAMAGED),
    "bmp seven bits": (bmp(10, 10, 7, 0, b"x" * 400), DAMAGED),
    "jpeg of 3000 scans": (lambda: jpeg_of_many_scans(), DAMAGED),
    # Broken.
    "png bad profile": (
        png(50, 50, block(b"iCCP", b"a\0\0" + zlib.compress(b"no profile" * 50))),
        OK,
    ),
    "png cut short": (half(encoded("PNG")), DAMAGED),
    "jpeg cut short": (half(encoded("JPEG")), DAMAGED),
    "gif cut short": (half(encoded("GIF")), DAMAGED),
    "webp cut short": (half(encoded("WEBP")), DAMAGED),
    "bmp cut short": (half(encoded("BMP")), DAMAGED),
    "heic cut short": (half(HEIC), DAMAGED),
    "jpeg marker only": (b"\xff\xd8\xff", DAMAGED),
    "png signature only": (b"\x89PNG\r\n\x1a\n", DAMAGED),
    "webp signature only": (b"RIFF\x04\0\0\0WEBP", DAMAGED),
    "gif signature only": (b"GIF89a", DAMAGED),
    "heic of zeros": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200, DAMAGED),
    "heic boxes without end": (
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\xff\xff\xff\xffmeta" + b"\0" * 50,
        DAMAGED,
    ),
    "png bad checksum": (encoded("PNG").replace(b"IEND\xaeB`\x82", b"IEND\0\0\0\0"), OK),
    # Documents.
    "pdf of nothing": (b"%PDF-1.7\n", DAMAGED),
    "pdf cut short": (half(pdf(3)), DAMAGED),
    "pdf with a password": (locked_pdf(), DAMAGED),
    "pdf of nine pages": (pdf(9), (413, "pdf_too_large")),
    "pdf of 5000 pages": (lambda: pdf(5000), (413, "pdf_too_large")),
    "pdf of no page": (pdf(0), DAMAGED),
    "pdf as large as a country": (pdf(1, "0 0 9000000000 9000000000"), OK),
    "pdf thin as a hair": (pdf(1, "0 0 0.0001 100000"), OK),
    "pdf upside down": (pdf(1, "500 500 0 0"), OK),
    "pdf without a number": (pdf(1, "0 0 NaN Infinity"), OK),
    "pdf stream bomb": (lambda: pdf(1, content=b" " * 600_000_000), DAMAGED),
    "pdf that opens programs": (
        pdf(1).replace(
            b"/Type/Catalog", b"/Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>"
        ),
        OK,
    ),
    "pdf of too many bytes": (pdf(1, tail=b" " * 3_000_000), (413, "pdf_too_large")),
    "png of too many bytes": (encoded("PNG") + b"%PDF-" * 600_000, TOO_LARGE),
    "pdf whose second page is missing": (
        pdf(2).replace(b"Kids[4 0 R 5 0 R]", b"Kids[4 0 R 9 0 R]"),
        DAMAGED,
    ),
    "pdf of long pages": (pdf(2, "0 0 300 14000"), OK),
    "pdf with a file inside": (pdf(1, tail=b"\n" + b"MZ" * 1000), OK),
}


# Data URLs that are none.
URLS: dict[str, tuple[str, Answer]] = {
    "no base64": ("data:image/png,hello", DAMAGED),
    "empty": ("data:image/png;base64,", DAMAGED),
    "bad alphabet": ("data:image/png;base64,@@@@", DAMAGED),
    "bad padding": ("data:image/png;base64,AAA", DAMAGED),
    "padding inside": ("data:image/png;base64,AA==AAAA", DAMAGED),
    "nothing at all": ("", DAMAGED),
    "a path": ("/etc/passwd", DAMAGED),
    "a file": ("file:///etc/passwd", DAMAGED),
    "gopher": ("gopher://127.0.0.1:6379/_FLUSHALL", DAMAGED),
    "ftp": ("ftp://127.0.0.1/a.png", DAMAGED),
    "javascript": ("javascript:alert(1)", DAMAGED),
    "a head without end": ("data:image/png;" + "a=b;" * 1_500 + "base64,AAAA", DAMAGED),
    "html by its label": (data_url(b"<script>", "text/html"), NO_PICTURE),
    "png by the label of html": (data_url(encoded("PNG"), "text/html"), OK),
    "over IMAGE_MAX_BYTES": ("data:image/png;base64," + "A" * 3_000_000, TOO_LARGE),
    "a pdf over IMAGE_MAX_BYTES by the label of a picture": (
        data_url(b"%PDF-1.7\n" * 300_000),
        (413, "pdf_too_large"),
    ),
}
