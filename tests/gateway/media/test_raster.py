"""Which pictures and PDFs are accepted, and what they are turned into."""

import base64
import io
import itertools
import random

import pytest
import pyvips
from PIL import Image

from gateway.errors import ImageTooLarge, InvalidImage, PDFTooLarge, UnsupportedMediaType
from gateway.media import data_url
from gateway.media.budget import Budget
from gateway.media.limits import MediaLimits
from gateway.media.pdf import render_pages
from gateway.media.picture import tokens_of
from gateway.media.raster import prepare_image
from gateway.media.sniff import sniff
from gateway.media.tiles import tile_boxes
from tests.support.pictures import header_only_png, locked_pdf, pdf

LIMITS = MediaLimits()


def encoded(size: tuple[int, int], kind: str = "PNG", **more: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(made, kind, **more)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_every_accepted_kind_is_read(kind: str) -> None:
    data = encoded((320, 200), kind)
    (picture,) = prepare_image(data, sniff(data), LIMITS)
    assert (picture.width, picture.height) == (320, 200)


def test_a_picture_of_many_pixels_is_refused_by_its_header() -> None:
    with pytest.raises(ImageTooLarge, match="30000"):
        prepare_image(header_only_png(30_001, 10), "image/png", LIMITS)
    with pytest.raises(ImageTooLarge, match="50000000"):
        prepare_image(header_only_png(30_000, 30_000), "image/png", LIMITS)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    data = encoded((900, 700), kind)
    with pytest.raises(InvalidImage):
        prepare_image(data[: len(data) // 2], sniff(data), LIMITS)


def test_a_mislabelled_picture_is_taken_for_what_it_is() -> None:
    assert sniff(encoded((9, 9), "JPEG")) == "image/jpeg"


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg/>", b"II*\0", b"MZ\x90"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedMediaType):
        sniff(data)


def test_a_one_pixel_picture_is_padded_to_what_the_engine_takes() -> None:
    (picture,) = prepare_image(encoded((1, 1)), "image/png", LIMITS)
    assert (picture.width, picture.height) == (32, 32)


def test_a_large_picture_is_scaled_and_a_small_one_keeps_its_pixels() -> None:
    (large,) = prepare_image(encoded((4000, 3000), "JPEG"), "image/jpeg", LIMITS)
    assert max(large.width, large.height) == 2048
    (small,) = prepare_image(encoded((1366, 768)), "image/png", LIMITS)
    assert (small.width, small.height, small.scale) == (1366, 768, 1.0)


def test_orientation_is_applied_and_metadata_left_behind() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret place"
    data = encoded((400, 200), "JPEG", exif=exif.tobytes())
    (picture,) = prepare_image(data, "image/jpeg", LIMITS)
    assert (picture.width, picture.height) == (200, 400)
    assert b"secret place" not in picture.data
    assert "exif-data" not in pyvips.Image.new_from_buffer(picture.data, "").get_fields()


def test_a_long_screenshot_is_cut_into_overlapping_tiles() -> None:
    pictures = prepare_image(encoded((1080, 7000)), "image/png", LIMITS)
    assert 2 <= len(pictures) <= 4
    boxes = tile_boxes(1080, 7000, 2048)
    assert all(one[1] + one[3] > two[1] for one, two in itertools.pairwise(boxes))
    assert boxes[-1][1] + boxes[-1][3] == 7000


def test_tokens_follow_the_32_pixel_arithmetic() -> None:
    assert tokens_of(1920, 1080) == 2042
    assert tokens_of(2048, 2048) == 4098


@pytest.mark.parametrize(
    ("tokens", "budget", "granted"),
    [
        ([1000, 1000, 1000], 2500, [1000, 1000, 500]),
        ([1000, 1000, 10], 1100, [1000, 0, 0]),
        ([10] * 20, 1000, [10] * 16 + [0] * 4),
    ],
)
def test_the_newest_pictures_keep_their_size(
    tokens: list[int], budget: int, granted: list[int]
) -> None:
    shared = Budget(budget)
    assert [shared.grant(one) for one in tokens] == granted


def test_pdf_pages_become_pictures() -> None:
    pictures = render_pages(pdf(3), LIMITS)
    assert [picture.page for picture in pictures] == [1, 2, 3]


def test_a_pdf_of_500_pages_is_refused_with_both_numbers() -> None:
    with pytest.raises(PDFTooLarge, match="500 pages; at most 8"):
        render_pages(pdf(500), LIMITS)


def test_a_pdf_with_a_password_is_refused_by_name() -> None:
    with pytest.raises(InvalidImage, match="password"):
        render_pages(locked_pdf(), LIMITS)


def test_a_broken_pdf_is_refused() -> None:
    with pytest.raises(InvalidImage):
        render_pages(b"%PDF-1.7 nothing here", LIMITS)


@pytest.mark.parametrize(
    "url",
    [
        *("data:,x", "file:///etc/passwd", "data:image/png;base64,"),
        *(
            f"data:image/png;base64,{text}"
            for text in ("@@@@", "YQ", "YQ=", "Y===", "YQ==YQ==", "YQ=a", "YWJj-_==", "YWJj☃")
        ),
    ],
)
def test_a_damaged_data_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidImage):
        data_url.decode(url, 1000)


@pytest.mark.parametrize("size", [1, 2, 3, 192 * 1024 - 1, 192 * 1024, 192 * 1024 + 1, 1_000_001])
def test_a_data_url_of_any_length_is_decoded_whatever_its_lines(size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert data_url.decode("data:image/png;base64," + base64.b64encode(data).decode(), size) == data
    assert (
        data_url.decode("data:image/png;base64," + base64.encodebytes(data).decode(), size) == data
    )


def test_a_data_url_above_the_bound_is_refused_before_decoding() -> None:
    with pytest.raises(ImageTooLarge, match="at most 1000"):
        data_url.decode("data:image/png;base64," + "A" * 4000, 1000)
