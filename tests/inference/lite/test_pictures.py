"""Hostile pictures do not harm the OCR; turned, transparent and grey ones are read."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image, ImageDraw, ImageFont, ImageOps

from inference.lite.decode import decoded
from tests.support.lite_client import wait_for_embedding
from tests.support.paths import DATA
from tests.support.servers import Running

MIB = 1024 * 1024
GROWTH = 450 * MIB  # of 50 megapixels: 200 MB in the decoder, 150 MB of BGR, and what is read
FLOOR = b"\x89PNG\r\n\x1a\n"


def encoded(image: Image.Image, kind: str = "PNG", **more: object) -> bytes:
    made = io.BytesIO()
    image.save(made, kind, **more)
    return made.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(*chunks: bytes) -> bytes:
    """A small PNG with more chunks behind its header."""
    png = encoded(Image.new("RGB", (300, 200), "white"))
    end = len(FLOOR) + 25
    return png[:end] + b"".join(chunks) + png[end:]


def zeros(megabytes: int) -> bytes:
    return zlib.compress(bytes(megabytes * MIB), 9)


def exif(tags: int, size: int) -> bytes:
    """A directory whose tags all have the same `size` bytes of data."""
    entries = b"".join(struct.pack("<HHII", 0x9000 + tag % 256, 7, size, 8) for tag in range(tags))
    return b"II*\0" + struct.pack("<IH", 8, tags) + entries + bytes(max(4, size - len(entries)))


def jpeg_with_exif(data: bytes) -> bytes:
    jpeg = encoded(Image.new("RGB", (300, 200), "white"), "JPEG")
    segment = b"Exif\0\0" + data[:65_000]
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


def frames(kind: str, count: int) -> bytes:
    first = Image.new("RGB", (800, 800), "white")
    return encoded(
        first,
        kind,
        save_all=True,
        append_images=[Image.new("RGB", (800, 800), (n, n, n)) for n in range(count)],
    )


READ: dict[str, Callable[[], bytes]] = {
    "text chunks that unpack to 3 GB": lambda: with_chunks(
        *[chunk(b"zTXt", b"a\0\0" + zeros(50))] * 60
    ),
    "international text that unpacks to 1 GB": lambda: with_chunks(
        *[chunk(b"iTXt", b"a\0\1\0\0\0" + zeros(50))] * 20
    ),
    "a colour profile that unpacks to 400 MB": lambda: with_chunks(
        chunk(b"iCCP", b"a\0\0" + zeros(400))
    ),
    "EXIF whose tags repeat 20 MB": lambda: with_chunks(chunk(b"eXIf", exif(60_000, 20 * MIB))),
    "EXIF of a JPEG whose tags repeat 60 KB": lambda: jpeg_with_exif(exif(5_000, 60_000)),
    "thirty frames of an animation": lambda: frames("GIF", 30),
    "frames of a WebP": lambda: frames("WEBP", 10),
    "50 megapixels of PNG": lambda: encoded(Image.new("RGB", (8_000, 6_250), "white")),
    "50 megapixels with transparency": lambda: encoded(
        Image.new("RGBA", (7_000, 7_100), (9, 9, 9, 90))
    ),
    "50 megapixels of progressive JPEG": lambda: encoded(
        Image.new("RGB", (8_000, 6_250)), "JPEG", progressive=True
    ),
    "50 megapixels of 16 bits": lambda: encoded(Image.new("I;16", (7_000, 7_000), 40_000)),
    "one line of pixels": lambda: encoded(Image.new("RGB", (30_000, 1))),
    "one column of pixels": lambda: encoded(Image.new("RGB", (1, 30_000))),
    "a strip": lambda: encoded(Image.new("RGB", (30_000, 9))),
}
REFUSED: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "an unknown format": (lambda: encoded(Image.new("RGB", (9, 9)), "TIFF"), 400, "invalid_image"),
    "PostScript": (
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        400,
        "invalid_image",
    ),
    "half a PNG": (lambda: with_chunks()[:200], 400, "invalid_image"),
    "half a JPEG": (lambda: jpeg_with_exif(b"")[:300], 400, "invalid_image"),
    "a JPEG without an end of segments": (
        lambda: b"\xff\xd8" + b"\xff" * 1000,
        400,
        "invalid_image",
    ),
    "100,000 empty chunks": (
        lambda: with_chunks(*[chunk(b"tEXt", b"")] * 100_000),
        400,
        "invalid_image",
    ),
    "a header with a lie": (lambda: with_chunks(chunk(b"IHDR", bytes(13))), 400, "invalid_image"),
    "too many pixels": (lambda: encoded(Image.new("1", (10_000, 6_000))), 413, "image_too_large"),
    "too long a side": (lambda: encoded(Image.new("1", (30_001, 9))), 413, "image_too_large"),
    "a large WebP": (
        lambda: encoded(Image.new("RGB", (5_000, 4_000)), "WEBP"),
        413,
        "image_too_large",
    ),
    "too many bytes": (lambda: bytes(33 * MIB), 413, "image_too_large"),
}


def read(lite: Running, data: bytes, **headers: str) -> requests.Response:
    return requests.post(
        lite.url + "/v1/read",
        data=data,
        headers={"content-type": "image/png", **headers},
        timeout=100,
    )


def peak(lite: Running) -> int:
    """The most resident memory since `forget_peak`, in bytes."""
    status = Path(f"/proc/{lite.process.pid}/status").read_text("ascii")
    return (
        next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
        * 1024
    )


def forget_peak(lite: Running) -> int:
    Path(f"/proc/{lite.process.pid}/clear_refs").write_text("5")
    return peak(lite)


@pytest.mark.parametrize("name", READ)
def test_a_hostile_picture_is_read_in_bounded_memory(lite: Running, name: str) -> None:
    wait_for_embedding(lite)
    read(lite, encoded(Image.new("RGB", (1_366, 768), "white")))  # the models are loaded
    data = READ[name]()
    before = forget_peak(lite)
    answer = read(lite, data)
    assert answer.status_code == 200, answer.text
    assert answer.json()["lines"] == []
    assert peak(lite) - before < GROWTH


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_is_refused_in_words(lite: Running, name: str) -> None:
    make, status, code = REFUSED[name]
    answer = read(lite, make())
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_white_letters_on_transparency_are_read(lite: Running) -> None:
    reading = read(lite, (DATA / "attachments" / "white-on-transparent.png").read_bytes()).json()
    assert ("error_code", "PAY-1042") in [(one["name"], one["value"]) for one in reading["fields"]]


@pytest.mark.parametrize(
    ("letters", "mode"), [("white", "RGBA"), ("black", "RGBA"), ("white", "LA"), ("black", "P")]
)
def test_letters_on_transparency_are_read_whatever_they_are(
    lite: Running, letters: str, mode: str
) -> None:
    image = Image.new(
        "RGBA", (600, 160), (0, 0, 0, 0) if letters == "black" else (255, 255, 255, 0)
    )
    ImageDraw.Draw(image).text(
        (30, 50), "PAY-1042", fill=letters, font=ImageFont.load_default(size=48)
    )
    lines = read(lite, encoded(image.convert(mode))).json()["lines"]
    assert [line["text"] for line in lines] == ["PAY-1042"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_says(kind: str, orientation: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    tags = Image.Exif()
    tags[0x0112] = orientation
    data = encoded(Image.fromarray(pixels), kind, exif=tags)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    picture = decoded(data)
    assert (picture.pixels[:, :, ::-1] == upright).all()
    assert (picture.height, picture.width) == upright.shape[:2]


def test_sixteen_bits_of_grey_keep_their_shades() -> None:
    grey = Image.fromarray(np.full((40, 40), 40_000, np.uint16))
    assert (decoded(encoded(grey)).pixels == 40_000 >> 8).all()


def test_boxes_lie_in_the_original_where_a_picture_is_scaled_down(lite: Running) -> None:
    image = Image.new("RGB", (6_000, 4_000), "white")
    ImageDraw.Draw(image).text(
        (3_000, 2_000), "PAY-1042", fill="black", font=ImageFont.load_default(size=300)
    )
    for kind in ("PNG", "JPEG"):
        (line,) = read(lite, encoded(image, kind)).json()["lines"]
        left, top, width, height = line["box"]
        assert abs(left - 3_000) < 150
        assert 1_850 < top < 2_200
        assert 1_000 < width < 2_200
        assert 150 < height < 600
