"""Pictures and documents that are small to send and expensive to open."""

import base64
import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache, partial

from PIL import Image, ImageDraw, ImageFont

from benchmarks.stall.attack import Attack, Request, chat, sends, upload

MB = 1_000_000


def attacks() -> list[Attack]:
    made = {
        "PNG, 8 × 40 MB of zTXt": lambda: png(text_chunks(b"zTXt", 8, 40)),
        "PNG, 8 × 40 MB of iTXt": lambda: png(text_chunks(b"iTXt", 8, 40)),
        "PNG, a colour profile of 100 MB": lambda: png([(b"iCCP", b"p\0\0" + squeezed(100))]),
        "PNG, 300,000 chunks": lambda: png([(b"tEXt", b"k\0v")] * 300_000),
        "PNG, 30,000 × 30,000 declared": lambda: png([], side=30_000),
        "PNG, 7,000 × 7,000 of one colour": lambda: encoded(
            Image.new("L", (7000, 7000), 255), "PNG"
        ),
        "PNG, 16 bits, interlaced": lambda: png([], side=3000, depth=16, interlaced=True),
        "JPEG, 15 MB of metadata": lambda: jpeg(
            b"\xff\xe1\xff\xff" + b"Exif\0\0" + b"I" * 65_527, 230
        ),
        "JPEG, 50 million pixels": lambda: encoded(Image.new("RGB", (7070, 7070), "white"), "JPEG"),
        "GIF of 20,000 frames": lambda: gif(20_000),
        "BMP that lies about its size": lambda: (
            b"BM" + struct.pack("<IIIIiiHH", 90, 0, 54, 40, 60_000, 60_000, 1, 24)
        ),
        "WebP, 16,383 × 3,000": lambda: encoded(Image.new("RGB", (16_383, 3000), "white"), "WEBP"),
        "HEIC, 49 million pixels in a few KB": heic,
        "PDF of 8 pages of 14,400 points": lambda: pdf(8, 14_400, b"0 0 m 9 9 l S "),
        "PDF with a page of 2 million strokes": lambda: pdf(
            1, 600, b"0 0 m 600 600 l S " * 2_000_000
        ),
    }
    found = [sends("picture", name, partial(_thrice, make)) for name, make in made.items()]
    found.append(
        sends(
            "picture",
            "eight bombs in one question",
            lambda: [asking([png(text_chunks(b"zTXt", 4, 20))] * 8)],
        )
    )
    found.append(
        sends("picture", "uploads that leave", lambda: [upload(dense(9))] * 10, leave_after=0.3)
    )
    return found


def shares() -> list[Attack]:
    return [
        sends(
            "share",
            "eight dense pictures uploaded",
            lambda: [upload(dense(seed)) for seed in range(8)],
        ),
        sends(
            "share",
            "eight dense pictures asked about",
            lambda: [asking([dense(20 + seed)]) for seed in range(8)],
        ),
        sends(
            "share",
            "the raw model reads dense pictures",
            lambda: [asking([dense(40 + n)], "sightdesk-lite") for n in range(4)],
        ),
        sends("share", "a picture of 1,080 × 8,000", lambda: [asking([long_one()])] * 2),
        sends(
            "budget",
            "two dense pictures compared, four times",
            lambda: [asking([dense(60), dense(61)], words="compare the two")] * 4,
        ),
        sends(
            "budget",
            "questions with dense pictures that leave",
            lambda: [asking([dense(80 + n)]) for n in range(8)],
            leave_after=1.5,
        ),
    ]


def _thrice(make: Callable[[], bytes]) -> list[Request]:
    return [upload(make())] * 3


def asking(
    pictures: list[bytes], model: str = "sightdesk", words: str = "what is the error code?"
) -> Request:
    parts = [{"type": "text", "text": words}, *map(image_part, pictures)]
    return chat(parts, model=model)


def image_part(data: bytes) -> dict[str, object]:
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    return {"type": "image_url", "image_url": {"url": url}}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def squeezed(megabytes: int) -> bytes:
    return zlib.compress(b"a" * (megabytes * MB), 9)


def text_chunks(kind: bytes, count: int, megabytes: int) -> list[tuple[bytes, bytes]]:
    packed = squeezed(megabytes)
    head = b"\0\0" if kind == b"zTXt" else b"\0\1\0\0\0"
    return [(kind, b"k%d" % number + head + packed) for number in range(count)]


def png(
    more: list[tuple[bytes, bytes]], side: int = 64, depth: int = 8, interlaced: bool = False
) -> bytes:
    row = b"\0" * (1 + side * 3 * depth // 8)
    header = struct.pack(">IIBBBBB", side, side, depth, 2, 0, 0, int(interlaced))
    body = zlib.compress(row * min(side, 4000), 1)
    chunks = [(b"IHDR", header), *more, (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks)


def jpeg(segment: bytes, count: int) -> bytes:
    plain = encoded(Image.new("RGB", (64, 64), "white"), "JPEG")
    return plain[:2] + segment * count + plain[2:]


def gif(frames: int) -> bytes:
    one = encoded(Image.new("P", (64, 64)), "GIF")
    start = one.index(b"\x2c")
    return one[:start] + one[start:-1] * frames + b"\x3b"


def heic() -> bytes:
    import pillow_heif

    made = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (7000, 7000), "white")).save(made, quality=1)
    return made.getvalue()


def pdf(pages: int, side: int, content: bytes) -> bytes:
    packed = zlib.compress(content, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>"
        % (pages, b" ".join(b"%d 0 R" % (4 + n) for n in range(pages))),
        b"<</Length %d/Filter/FlateDecode>>stream\n" % len(packed) + packed + b"\nendstream",
    ]
    objects += [
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 3 0 R>>" % (side, side)
    ] * pages
    made = b"%PDF-1.4\n" + b"".join(
        b"%d 0 obj\n%s\nendobj\n" % (n, body) for n, body in enumerate(objects, start=1)
    )
    return made + b"trailer<</Root 1 0 R/Size %d>>\n%%%%EOF" % (len(objects) + 1)


@cache
def dense(seed: int) -> bytes:
    """2,000 × 2,000 pixels full of small letters, which take seconds to read."""
    chance, letters = random.Random(seed), "abcdefghkmnpqrstuvwxyz0123456789"
    image = Image.new("RGB", (2000, 2000), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=13)
    for top in range(0, 2000, 17):
        for left in range(0, 2000, 200):
            draw.text((left, top), "".join(chance.choices(letters, k=18)), fill="black", font=font)
    return encoded(image, "PNG")


@cache
def long_one() -> bytes:
    image = Image.new("RGB", (1080, 8000), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=30)
    for top in range(0, 8000, 60):
        draw.text(
            (40, top),
            f"line {top // 60} of a long screenshot, order QH2026110900{top:05}",
            fill="black",
            font=font,
        )
    return encoded(image, "PNG")


def encoded(image: Image.Image, form: str) -> bytes:
    made = io.BytesIO()
    image.save(made, form)
    return made.getvalue()
