"""Metadata is removed before a library sees the picture; what changes the pixels stays."""

import contextlib
import io
import random
import struct
import time
import zlib
from collections.abc import Callable

import pillow_heif
import pytest
import pyvips
from PIL import Image, PngImagePlugin

from gateway.errors import InvalidImage
from gateway.media.metadata import MAX_PARTS, MAX_PROFILE_BYTES, orientation
from gateway.media.metadata_removal import strip_metadata
from tests.support.pictures import block, encoded, gif, jpeg_of_many_scans, many_frames, png

pillow_heif.register_heif_opener()
SECRET = b"22.5431N 114.0579E"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
KINDS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "HEIF": "image/heic",
}


def exif(turned: int) -> bytes:
    made = Image.Exif()
    made[0x0112] = turned
    made[0x010E] = SECRET.decode()
    return made.tobytes()


def pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).convert("RGBA").tobytes()


def saved(kind: str, **more: object) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode(), zip=True)
    made = io.BytesIO()
    image = Image.effect_noise((120, 80), 60).convert("RGB")
    image.save(made, kind, exif=exif(6), xmp=XMP, pnginfo=text, comment=SECRET, **more)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_only_pixels_and_orientation_are_left(kind: str) -> None:
    data = saved(kind)
    bare = strip_metadata(data, KINDS[kind])
    assert SECRET in data
    assert SECRET not in bare.data
    assert b"Comment" not in bare.data
    assert pixels(bytes(bare.data)) == pixels(data)
    assert bare.orientation == (1 if kind == "GIF" else 6)


def test_the_texts_of_a_heic_are_no_items_that_a_library_reads() -> None:
    data = saved("HEIF")
    bare = strip_metadata(data, "image/heic")
    assert pillow_heif.open_heif(data).info["exif"]
    opened = pillow_heif.open_heif(bare.data)
    assert not opened.info["exif"]
    assert not opened.info.get("xmp")
    assert pixels(bytes(bare.data)) == pixels(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_colour_profile_stays(kind: str) -> None:
    profile = bytes(
        pyvips.Image.black(9, 9, bands=3)
        .copy(interpretation="srgb")
        .icc_transform("p3")
        .get("icc-profile-data")
    )
    bare = strip_metadata(saved(kind, icc_profile=profile), KINDS[kind])
    assert Image.open(io.BytesIO(bare.data)).info["icc_profile"] == profile


def profile_of(size: int) -> bytes:
    return b"\0" * 36 + b"acsp" + b"\0" * (size - 40)


def test_a_colour_profile_that_unpacks_without_end_goes() -> None:
    for size, stays in ((5000, True), (MAX_PROFILE_BYTES + 1, False), (40_000_000, False)):
        chunk = block(b"iCCP", b"name\0\0" + zlib.compress(profile_of(size), 9))
        assert (chunk in strip_metadata(png(9, 9, chunk), "image/png").data) is stays
    for content in (
        b"name\0\1" + zlib.compress(profile_of(500)),
        b"name",
        b"",
        b"\0\0x",
        b"name\0\0" + b"x" * 50,
    ):
        assert b"iCCP" not in strip_metadata(png(9, 9, block(b"iCCP", content)), "image/png").data


def test_a_colour_profile_of_many_segments_goes_as_a_whole() -> None:
    plain = encoded("JPEG")
    for count, stays in ((3, True), (100, False)):
        parts = [
            b"ICC_PROFILE\0" + bytes((number, count)) + profile_of(60_000)
            for number in range(1, count + 1)
        ]
        segments = b"".join(b"\xff\xe2" + struct.pack(">H", len(part) + 2) + part for part in parts)
        assert (
            b"acsp" in strip_metadata(plain[:2] + segments + plain[2:], "image/jpeg").data
        ) is stays


def test_what_changes_the_pixels_of_a_png_stays() -> None:
    chunks = [
        block(b"gAMA", b"\0\1\x86\xa0"),
        block(b"sRGB", b"\0"),
        block(b"cHRM", b"\0" * 32),
        block(b"tRNS", b"\0" * 6),
    ]
    data = png(9, 9, *chunks)
    assert strip_metadata(data, "image/png").data == data


@pytest.mark.parametrize(("kind", "count"), [("PNG", 30), ("GIF", 300), ("WEBP", 30)])
def test_of_an_animation_the_first_frame_is_left(kind: str, count: int) -> None:
    data = many_frames(kind, count)
    bare = strip_metadata(data, KINDS[kind]).data
    assert len(bare) < len(data) / 3
    opened = Image.open(io.BytesIO(bare))
    assert getattr(opened, "n_frames", 1) == 1
    assert pixels(bytes(bare)) == pixels(data)


def test_a_gifs_transparent_colour_stays() -> None:
    made = io.BytesIO()
    image = Image.new("RGBA", (20, 20), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 10, 10))
    image.save(made, "GIF")
    assert pixels(bytes(strip_metadata(made.getvalue(), "image/gif").data)) == pixels(
        made.getvalue()
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_files_own_memory_may_be_used(kind: str) -> None:
    data = saved(kind)
    assert (
        bytes(strip_metadata(bytearray(data), KINDS[kind]).data)
        == strip_metadata(data, KINDS[kind]).data
    )


@pytest.mark.parametrize("progressive", [True, False])
def test_a_jpegs_scans_are_copied_as_they_are(progressive: bool) -> None:
    data = encoded("JPEG", (700, 500), progressive=progressive, quality=90)
    assert strip_metadata(data, "image/jpeg").data == data


def test_segments_between_scans_and_pictures_behind_the_end_go() -> None:
    data = encoded("JPEG", (700, 500), progressive=True)
    second = data.rindex(b"\xff\xda")
    comment = b"\xff\xfe" + struct.pack(">H", len(SECRET) + 2) + SECRET
    for crowded in (data[:second] + comment * 50 + data[second:], data + data):
        bare = strip_metadata(crowded, "image/jpeg").data
        assert bare == data


def test_more_scans_than_any_photograph_has_are_refused() -> None:
    with pytest.raises(InvalidImage, match="100 scans") as told:
        strip_metadata(jpeg_of_many_scans(), "image/jpeg")
    assert told.value.details == {"limit": 100}


def boxes(kind: bytes, count: int) -> bytes:
    return (
        struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"heic", 0, b"mif1", b"heic")
        + struct.pack(">I4s", 8, kind) * count
    )


MANY: dict[str, tuple[str, Callable[[], bytes]]] = {
    "png": ("image/png", lambda: png(9, 9, block(b"tEXt", b"") * 1_000_000)),
    "webp": ("image/webp", lambda: encoded("WEBP") + struct.pack("<4sI", b"XMP ", 0) * 1_000_000),
    "jpeg": ("image/jpeg", lambda: b"\xff\xd8" + b"\xff\xfe\0\2" * 4_000_000),
    "jpeg of one marker": ("image/jpeg", lambda: b"\xff\xd8" + b"\xff\xd8" * 8_000_000),
    "gif": ("image/gif", lambda: gif(9, 9)[:19] + b"!\xfe\0" * 5_000_000),
    "gif of tiny blocks": ("image/gif", lambda: gif(9, 9)[:19] + b"!\xfe" + b"\1a" * 8_000_000),
    "heic": ("image/heic", lambda: boxes(b"free", 2_000_000)),
}


@pytest.mark.parametrize("name", MANY)
def test_millions_of_tiny_parts_are_refused_early(name: str) -> None:
    kind, make = MANY[name]
    data, started = make(), time.process_time()
    with pytest.raises(InvalidImage) as told:
        strip_metadata(data, kind)
    assert told.value.details["limit"] >= MAX_PARTS
    assert time.process_time() - started < 3


# Each byte string is looked at once: these would take minutes otherwise.
LONG: dict[str, tuple[str, bytes]] = {
    "jpeg of 0xff": ("image/jpeg", b"\xff\xd8" + b"\xff" * 16_000_000),
    "jpeg of 0xff00": ("image/jpeg", b"\xff\xd8" + b"\xff\0" * 8_000_000),
    "jpeg whose scan never ends": ("image/jpeg", b"\xff\xd8\xff\xda\0\2" + b"\xff\xd0" * 8_000_000),
    "png of one lying chunk": (
        "image/png",
        png(9, 9)[:33] + b"\xff\xff\xff\xfftEXt" + b"\0" * 16_000_000,
    ),
    "webp of one lying chunk": (
        "image/webp",
        b"RIFF\xff\xff\xff\xffWEBPXMP \xff\xff\xff\xff" + b"\0" * 16_000_000,
    ),
    "gif of zeros": ("image/gif", b"GIF89a" + b"\0" * 16_000_000),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_file_is_read_once(name: str) -> None:
    kind, data = LONG[name]
    started = time.process_time()
    strip_metadata(data, kind)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_left_to_the_decoder(kind: str) -> None:
    chance, good = random.Random(kind), saved(kind)
    for turn in range(400):
        data = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(min(len(data), 200 if turn % 2 else len(data)))] = (
                chance.randrange(256)
            )
        with contextlib.suppress(InvalidImage):
            strip_metadata(
                bytes(data[: chance.randrange(len(data)) if turn % 3 == 0 else None]), KINDS[kind]
            )


def tags(order: str, entries: list[tuple[int, int, int, int]]) -> bytes:
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    packed = b"".join(
        struct.pack(order + "HHI", *entry[:3]) + struct.pack(order + "I", entry[3])
        for entry in entries
    )
    return mark + struct.pack(order + "IH", 8, len(entries)) + packed


def test_an_orientation_is_read_within_bounds() -> None:
    assert orientation(tags("<", [(0x0100, 3, 1, 9), (0x0112, 3, 1, 6)])) == 6
    assert orientation(tags(">", [(0x0112, 3, 1, 6 << 16)])) == 6
    assert orientation(b"Exif\0\0" + tags(">", [(0x0112, 4, 1, 8)])) == 8
    for wrong in (
        tags("<", [(0x0112, 3, 1, 9)]),
        tags("<", [(0x0112, 2, 1, 6)]),
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
    ):
        assert orientation(wrong) == 1
    assert orientation(tags("<", [(0x0100, 3, 1, 1)] * 600 + [(0x0112, 3, 1, 6)])) == 1
