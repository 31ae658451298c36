"""Colour, orientation, metadata and damage: what comes out is the picture that its sender saw, and nothing beside it."""

import asyncio
import contextlib
import io
import random
import time

import pillow_heif
import pytest
import pyvips
from PIL import Image, PngImagePlugin

from gateway.errors import GatewayError, InvalidImage
from gateway.media.limits import MediaLimits
from gateway.media.pdf import render_pages
from gateway.media.raster import prepare_image
from gateway.media.sniff import sniff
from gateway.media.studio import Studio
from gateway.metrics import Metrics
from tests.gateway.hostile.pictures import pdf

pillow_heif.register_heif_opener()
LIMITS = MediaLimits()
SEEN = (200, 60, 30)  # what the sender sees, in sRGB


def seen(size: tuple[int, int]) -> pyvips.Image:
    return (pyvips.Image.black(*size, bands=3) + list(SEEN)).cast("uchar").copy(interpretation="srgb")


def opened(data: bytes) -> Image.Image:
    (picture,) = prepare_image(data, sniff(data), LIMITS)
    return Image.open(io.BytesIO(picture.data))


def middle(data: bytes) -> tuple[int, ...]:
    image = opened(data).convert("RGB")
    colour = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(colour, tuple)
    return colour


def off_by(colour: tuple[int, ...], other: tuple[int, ...] = SEEN) -> int:
    return max(abs(one - two) for one, two in zip(colour, other, strict=True))


# Kept as it is, and scaled down: libvips goes another way for each.
@pytest.mark.parametrize("size", [(600, 480), (2100, 1500)])
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_a_picture_in_display_p3_comes_out_in_srgb(size: tuple[int, int], kind: str) -> None:
    wide = seen(size).icc_transform("p3", input_profile="srgb")
    assert off_by(tuple(wide(9, 9))) > 10  # its numbers are others
    quality = {} if kind == "png" else {"Q": 95}
    assert off_by(middle(getattr(wide, f"{kind}save_buffer")(**quality))) <= 4


@pytest.mark.parametrize("size", [(600, 480), (2100, 1500)])
def test_an_iphones_heic_in_display_p3_comes_out_in_srgb(size: tuple[int, int]) -> None:
    wide = seen(size).icc_transform("p3", input_profile="srgb")
    made = io.BytesIO()
    image = Image.frombytes("RGB", size, wide.write_to_memory())
    image.save(made, "HEIF", icc_profile=bytes(wide.get("icc-profile-data")), quality=95)
    assert off_by(middle(made.getvalue())) <= 4


@pytest.mark.parametrize("size", [(600, 480), (2100, 1500)])
@pytest.mark.parametrize("keep", ["all", "none"])
def test_a_cmyk_jpeg_comes_out_in_srgb(size: tuple[int, int], keep: str) -> None:
    """With its profile, and without: then libvips' own stands for the press."""
    press = seen(size).icc_transform("cmyk", input_profile="srgb")
    assert off_by(middle(press.jpegsave_buffer(Q=95, keep=keep))) <= 16


def test_sixteen_bits_and_greys_come_out_in_eight() -> None:
    wide = (pyvips.Image.black(90, 90, bands=3) + [value * 257 for value in SEEN]).cast("ushort")
    assert off_by(middle(wide.copy(interpretation="rgb16").pngsave_buffer())) <= 1
    grey = (pyvips.Image.black(90, 90) + 117 * 257).cast("ushort").copy(interpretation="grey16")
    assert off_by(middle(grey.pngsave_buffer()), (117, 117, 117)) <= 1


def test_what_is_transparent_is_white() -> None:
    made = io.BytesIO()
    Image.new("RGBA", (90, 90), (0, 0, 0, 0)).save(made, "PNG")
    assert middle(made.getvalue()) == (255, 255, 255)


# Where the corner that was at the top left must be afterwards (EXIF 2.3, 4.6.4 A).
CORNERS = {1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl"}


def marked(size: tuple[int, int], kind: str, orientation: int) -> bytes:
    """White, its top left corner red."""
    image = Image.new("RGB", size, "white")
    image.paste((255, 0, 0), (0, 0, size[0] // 4, size[1] // 4))
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = io.BytesIO()
    image.save(made, kind, exif=exif.tobytes(), quality=95)
    return made.getvalue()


def red_corners(image: Image.Image) -> list[str]:
    right, low = image.width - 9, image.height - 9
    places = {"tl": (8, 8), "tr": (right, 8), "bl": (8, low), "br": (right, low)}
    return [name for name, place in places.items() if image.convert("RGB").getpixel(place)[1] < 100]  # type: ignore[index]


@pytest.mark.parametrize("orientation", CORNERS)
@pytest.mark.parametrize("size", [(400, 200), (2100, 1000)])
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "HEIF"])
def test_each_of_the_eight_orientations_is_applied(kind: str, size: tuple[int, int], orientation: int) -> None:
    image = opened(marked(size, kind, orientation))
    assert red_corners(image) == [CORNERS[orientation]]
    assert (image.width < image.height) is (orientation >= 5)


SECRET = b"22.5431N 114.0579E"


def test_nothing_that_lay_beside_the_pixels_leaves() -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()  # ImageDescription
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    image = Image.effect_noise((300, 200), 80).convert("RGB")
    for kind, more in (
        ("JPEG", {"exif": exif.tobytes(), "xmp": xmp, "comment": SECRET}),
        ("PNG", {"exif": exif.tobytes(), "pnginfo": text}),
        ("WEBP", {"exif": exif.tobytes(), "xmp": xmp}),
        ("GIF", {"comment": SECRET}),
        ("HEIF", {"exif": exif.tobytes(), "xmp": xmp}),
    ):
        made = io.BytesIO()
        image.save(made, kind, **more)  # type: ignore[arg-type]
        assert SECRET in made.getvalue(), kind
        (picture,) = prepare_image(made.getvalue(), sniff(made.getvalue()), LIMITS)
        assert SECRET not in picture.data, kind
        fields = set(pyvips.Image.new_from_buffer(picture.data, "").get_fields())
        kept = {name for name in fields if name.startswith(("exif", "xmp", "iptc", "icc", "png-comment", "jpeg-"))}
        assert kept <= {"jpeg-multiscan", "jpeg-chroma-subsample"}, kind


def seeds() -> dict[str, bytes]:
    image = Image.effect_noise((160, 120), 60).convert("RGB")
    made = {}
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "HEIF"):
        file = io.BytesIO()
        image.save(file, kind)
        made[kind] = file.getvalue()
    return made


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "HEIF"])
def test_a_damaged_picture_is_read_or_refused_and_nothing_else(kind: str) -> None:
    """HEIC once raised an IndexError, BMP Pillow's own error of bombs."""
    chance, good = random.Random(kind), seeds()[kind]
    for turn in range(150):
        data = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(min(len(data), 200 if turn % 2 else len(data)))] = chance.randrange(256)
        with contextlib.suppress(GatewayError):
            prepare_image(bytes(data), sniff(bytes(data)), LIMITS)


async def test_a_pdf_that_never_ends_is_killed() -> None:
    """Twenty million rectangles on each page, in half a megabyte."""
    content = b"q " + b"0 0 1 1 re f " * 20_000_000
    started = time.monotonic()
    with pytest.raises(InvalidImage):
        await render_pages(pdf(8, content=content), MediaLimits(pdf_seconds=1.0))
    assert time.monotonic() - started < 20


async def test_the_pdf_process_has_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    seen_by: dict[str, object] = {}
    real = asyncio.create_subprocess_exec

    async def watched(*arguments: str, **more: object) -> asyncio.subprocess.Process:
        seen_by.update(more)
        return await real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setenv("API_KEYS", "shop:sk-shop")
    monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
    assert len(await render_pages(pdf(2), LIMITS)) == 2
    assert seen_by["env"] == {}


async def test_no_more_pdfs_are_rendered_at_once_than_pictures_are_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    running = most = 0

    async def rendered(data: bytes, limits: MediaLimits) -> list[object]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return []

    monkeypatch.setattr("gateway.media.studio.render_pages", rendered)
    studio = Studio(LIMITS, Metrics("0", "lite"))
    await asyncio.gather(*(studio.prepare(pdf(1, tail=b"%d" % number)) for number in range(20)))
    assert 1 <= most <= 4
    studio.close()
