"""Colour, orientation, metadata and damage: the engine gets what the sender saw, and no more."""

import asyncio
import contextlib
import io
import random
import socket
import subprocess
import sys

import pillow_heif
import pytest
import pyvips
from PIL import Image, PngImagePlugin

from gateway.errors import GatewayError
from gateway.media.limits import MediaLimits
from gateway.media.pdf import render_pages
from gateway.media.raster import prepare_image
from gateway.media.sniff import sniff
from tests.support.paths import ROOT
from tests.support.pictures import noisy_pdf, pdf

pillow_heif.register_heif_opener()
LIMITS = MediaLimits()
SEEN = (200, 60, 30)  # what the sender sees, in sRGB


def seen(size: tuple[int, int]) -> pyvips.Image:
    return (
        (pyvips.Image.black(*size, bands=3) + list(SEEN)).cast("uchar").copy(interpretation="srgb")
    )


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
    return [name for name, place in places.items() if image.convert("RGB").getpixel(place)[1] < 100]  # type: ignore[index]  # RGB has three values


@pytest.mark.parametrize("orientation", CORNERS)
@pytest.mark.parametrize("size", [(400, 200), (2100, 1000)])
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "HEIF"])
def test_each_of_the_eight_orientations_is_applied(
    kind: str, size: tuple[int, int], orientation: int
) -> None:
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
        image.save(made, kind, **more)
        assert SECRET in made.getvalue(), kind
        (picture,) = prepare_image(made.getvalue(), sniff(made.getvalue()), LIMITS)
        assert SECRET not in picture.data, kind
        fields = set(pyvips.Image.new_from_buffer(picture.data, "").get_fields())
        kept = {
            name
            for name in fields
            if name.startswith(("exif", "xmp", "iptc", "icc", "png-comment", "jpeg-"))
        }
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
            data[chance.randrange(min(len(data), 200 if turn % 2 else len(data)))] = (
                chance.randrange(256)
            )
        with contextlib.suppress(GatewayError):
            prepare_image(bytes(data), sniff(bytes(data)), LIMITS)


# What somebody who has found a way into the renderer may try; PARENT's environment holds a secret.
ATTEMPTS = {
    "a file": "open('/etc/passwd').read()",
    "a secret in the gateway's environment": "open(f'/proc/{parent}/environ', 'rb').read()",
    "the gateway's memory": "open(f'/proc/{parent}/mem', 'rb')",
    "a new file": "open('/tmp/renderer-was-here', 'w')",
    "the gateway's own data": "os.listdir('data')",
    "a connection": "socket.create_connection(('127.0.0.1', port))",
    "a packet": "socket.socket(type=socket.SOCK_DGRAM)",
}
WITH_FILTERS = {
    "another process": "os.fork()",
    "a program": "os.execv('/bin/true', ['true'])",
    "the gateway's end": "os.kill(parent, 9)",
}
INTRUDER = """
import os, socket, sys
from gateway.server import sandbox
parent, port, filters = os.getppid(), int(sys.argv[1]), sys.argv[2] == "True"
if not filters:
    sandbox._fonts_alone = sandbox._no_sockets_and_programs = lambda: sandbox._call(-1)
sandbox.sandbox(2**30, 20)
for attempt in sys.stdin.read().splitlines():
    try:
        eval(attempt)
    except OSError:
        print("refused", flush=True)
    else:
        print("done", flush=True)
"""


@pytest.mark.parametrize("filters", [True, False], ids=["with Landlock and seccomp", "without"])
async def test_whoever_gets_into_a_worker_finds_nothing_there(filters: bool) -> None:
    attempts = ATTEMPTS | (WITH_FILTERS if filters else {})
    with socket.create_server(("127.0.0.1", 0)) as canary:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", INTRUDER, str(canary.getsockname()[1]), str(filters)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        told, _ = await process.communicate("\n".join(attempts.values()).encode())
        assert dict(zip(attempts, told.decode().splitlines(), strict=True)) == dict.fromkeys(
            attempts, "refused"
        )
        canary.settimeout(0)
        with pytest.raises(BlockingIOError):
            canary.accept()


def test_the_gateways_memory_and_environment_are_closed_to_others_of_its_user() -> None:
    """Before it builds anything: the kernel then lets nobody but root read them."""
    asks = """
import ctypes, gateway.__main__ as start
def create_app(settings):
    raise SystemExit(40 + ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))  # PR_GET_DUMPABLE
start.create_app = create_app
start.main()
"""
    assert subprocess.run([sys.executable, "-c", asks], cwd=ROOT, env={}).returncode == 40


def test_a_long_page_is_cut_into_tiles_like_a_long_screenshot() -> None:
    pictures = render_pages(pdf(2, "0 0 300 3000"), LIMITS)
    assert [picture.page for picture in pictures] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert {picture.width for picture in pictures} == {625}, "as many pixels as 150 dots an inch"
    assert [picture.origin[1] for picture in pictures[:4]] == sorted(
        {picture.origin[1] for picture in pictures}
    )


def test_a_scanned_page_of_noise_is_no_larger_than_a_photograph() -> None:
    (page,) = render_pages(noisy_pdf(1), LIMITS)
    assert page.content_type == "image/jpeg"
    assert len(page.data) < page.width * page.height
