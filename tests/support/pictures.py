"""Makes pictures and PDFs, good ones and ones with false headers."""

import io
import struct
import zlib

import pillow_heif
import pypdf
from PIL import Image

pillow_heif.register_heif_opener()


def encoded(kind: str, size: tuple[int, int] = (300, 200), **more: object) -> bytes:
    made = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(made, kind, **more)
    return made.getvalue()


def block(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *blocks: bytes, pixels: bytes | None = None) -> bytes:
    head = block(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    raw = pixels if pixels is not None else b"\0" * (height * (width * 3 + 1))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + b"".join(blocks)
        + block(b"IDAT", zlib.compress(raw, 9))
        + block(b"IEND", b"")
    )


def bmp(width: int, height: int, bits: int = 24, compression: int = 0, body: bytes = b"") -> bytes:
    info = struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(body), 0, 0, 0, 0
    )
    return b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54) + info + body


def gif(screen: int, frame: int, frames: int = 1) -> bytes:
    one = b"," + struct.pack("<HHHH", 0, 0, frame, frame) + b"\0\x02\x02\x44\x01\0"
    return (
        b"GIF89a"
        + struct.pack("<HH", screen, screen)
        + b"\x80\0\0\0\0\0\xff\xff\xff"
        + one * frames
        + b";"
    )


def many_frames(kind: str, count: int) -> bytes:
    made = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), (number % 256, 9, 9)) for number in range(count)]
    frames[0].save(made, kind, save_all=True, append_images=frames[1:], duration=1)
    return made.getvalue()


def encoded_plain(kind: str, size: tuple[int, int]) -> bytes:
    made = io.BytesIO()
    quickly = {"preset": "ultrafast"}  # of HEIF; the other kinds have no such setting
    Image.new("RGB", size, "white").save(made, kind, enc_params=quickly)
    return made.getvalue()


def jpeg_with(content: bytes, marker: int, count: int) -> bytes:
    data = encoded("JPEG")
    segment = struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
    return data[:2] + segment * count + data[2:]


def webp_head(width: int, height: int) -> bytes:
    flags = struct.pack("<I", (width - 1) | ((height - 1) << 14))
    return (
        b"RIFF"
        + struct.pack("<I", 22)
        + b"WEBPVP8L"
        + struct.pack("<I", 9)
        + b"\x2f"
        + flags
        + b"\0\0\0\0"
    )


def jpeg_of(width: int, height: int) -> bytes:
    """A small JPEG whose header claims another size."""
    data = bytearray(encoded("JPEG", (64, 64)))
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def jpeg_of_many_scans() -> bytes:
    data = encoded("JPEG", (1000, 1000), progressive=True, quality=50)
    last = data[data.rindex(b"\xff\xda") : -2][:40]
    return data[:-2] + last * 3000 + b"\xff\xd9"


def pdf(pages: int = 1, box: str = "0 0 200 200", content: bytes = b"", tail: bytes = b"") -> bytes:
    packed = zlib.compress(content, 9)
    kids = " ".join(f"{4 + number} 0 R" for number in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {pages}/Kids[{kids}]>>".encode(),
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        *(
            f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 3 0 R>>".encode()
            for _ in range(pages)
        ),
    ]
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number, text in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
    return bytes(made) + tail


def noisy_pdf(pages: int, size: tuple[int, int] = (1448, 2048)) -> bytes:
    """Pages that no encoder makes small."""
    made = io.BytesIO()
    noise = Image.effect_noise(size, 80).convert("RGB")
    noise.save(made, "PDF", save_all=True, append_images=[noise] * (pages - 1), resolution=150)
    return made.getvalue()


def locked_pdf() -> bytes:
    writer = pypdf.PdfWriter(io.BytesIO(pdf()))
    writer.encrypt("geheim", algorithm="RC4-128")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def header_only_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims another size."""
    return png(width, height, pixels=b"\0" * 900)


HEIC = encoded("HEIF")
