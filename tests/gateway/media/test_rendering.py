"""The engine sees what a person sees: form values, stamps, letters on transparency.

Pictures with a wrong label are accepted by their content.
"""

import base64
import io
import json
from urllib.parse import quote

import pytest
import requests
from PIL import Image

from gateway.errors import InvalidImage, UnsupportedMediaType
from gateway.media import data_url
from gateway.media.limits import MediaLimits
from gateway.media.pdf import render_pages
from gateway.media.raster import prepare_image
from gateway.media.sniff import ACCEPTED, sniff
from tests.support.paths import DATA
from tests.support.pictures import encoded
from tests.support.servers import Running

CASES = DATA / "attachments"
LIMITS = MediaLimits()
POINT = 150 / 72  # pixels


def page_of(data: bytes) -> Image.Image:
    (page,) = render_pages(data, LIMITS)
    return Image.open(io.BytesIO(page.data)).convert("L")


def darkest(page: Image.Image, box: tuple[int, int, int, int]) -> int:
    """Within left, bottom, right, top, in points from the lower left corner."""
    left, bottom, right, top = (round(side * POINT) for side in box)
    return extremes(page.crop((left, page.height - top, right, page.height - bottom)))[0]


@pytest.mark.parametrize("name", ["form-needappearances.pdf", "form-with-appearance.pdf"])
def test_the_values_of_a_form_are_drawn(name: str) -> None:
    page = page_of((CASES / name).read_bytes())
    assert darkest(page, (60, 600, 400, 650)) < 60
    assert darkest(page, (60, 400, 400, 550)) > 240, "nothing else is"


def test_stamps_are_drawn() -> None:
    plain = (CASES / "form-with-appearance.pdf").read_bytes()
    stamp = plain.replace(b"/Subtype /Widget /FT /Tx", b"/Subtype /Stamp         ")
    assert len(stamp) == len(plain)
    assert darkest(page_of(stamp), (60, 600, 400, 650)) < 60


def extremes(image: Image.Image) -> tuple[int, int]:
    """The darkest and the brightest shade."""
    shades = image.convert("L").tobytes()
    return min(shades), max(shades)


def flattened(image: Image.Image, kind: str = "PNG", **more: object) -> Image.Image:
    made = io.BytesIO()
    image.save(made, kind, **more)
    (picture,) = prepare_image(made.getvalue(), sniff(made.getvalue()), LIMITS)
    return Image.open(io.BytesIO(picture.data)).convert("RGB")


def letters(
    colour: tuple[int, ...], mode: str = "RGBA", size: tuple[int, int] = (200, 100)
) -> Image.Image:
    """A bar of this colour on nothing."""
    image = Image.new(mode, size, (0,) * len(colour))
    image.paste(colour, (size[0] // 4, size[1] // 3, size[0] // 2, size[1] // 2))
    return image


def contrast(image: Image.Image) -> int:
    low, high = extremes(image)
    return high - low


@pytest.mark.parametrize("size", [(200, 100), (4000, 2000), (200, 2500)])
@pytest.mark.parametrize(
    "colour",
    [
        (255, 255, 255, 255),
        (0, 0, 0, 255),
        (255, 240, 120, 255),
        (200, 30, 30, 255),
        (255, 255, 255, 120),
    ],
)
def test_letters_on_nothing_contrast_with_what_is_put_behind_them(
    colour: tuple[int, ...], size: tuple[int, int]
) -> None:
    made = io.BytesIO()
    letters(colour, size=size).save(made, "PNG")
    pictures = [
        Image.open(io.BytesIO(one.data))
        for one in prepare_image(made.getvalue(), "image/png", LIMITS)
    ]
    shades = [shade for picture in pictures for shade in extremes(picture)]
    assert max(shades) - min(shades) > 90


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
def test_transparency_of_every_kind_is_flattened_on_what_contrasts(kind: str) -> None:
    assert contrast(flattened(letters((255, 255, 255, 255)), kind)) > 90
    assert contrast(flattened(letters((0, 0, 0, 255)), kind)) > 90


def test_grey_letters_and_a_palettes_transparent_colour_contrast_too() -> None:
    assert contrast(flattened(letters((255, 255), "LA"))) > 90
    palette = Image.new("P", (200, 100), 0)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    palette.paste(1, (50, 33, 100, 50))
    assert contrast(flattened(palette, "GIF", transparency=0)) > 90


def test_what_can_hardly_be_seen_does_not_count() -> None:
    image = letters((0, 0, 0, 255))
    image.paste((255, 255, 255, 40), (0, 60, 200, 100))
    assert flattened(image).getpixel((195, 5)) == (255, 255, 255)


def test_an_opaque_picture_keeps_its_pixels_with_and_without_an_alpha_channel() -> None:
    image = Image.linear_gradient("L").resize((300, 200)).convert("RGB").quantize(16).convert("RGB")
    assert flattened(image).tobytes() == image.tobytes()
    assert flattened(image.convert("RGBA")).tobytes() == image.tobytes()


def test_white_letters_on_transparency_can_be_read() -> None:
    (picture,) = prepare_image(
        (CASES / "white-on-transparent.png").read_bytes(), "image/png", LIMITS
    )
    assert extremes(Image.open(io.BytesIO(picture.data))) == (32, 255)


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.glob("dataurl-*.json")))
def test_parameters_of_a_data_url_may_be_written_in_any_way(name: str) -> None:
    body = json.loads((CASES / name).read_text("utf-8"))
    url = body["messages"][0]["content"][1]["image_url"]["url"]
    assert sniff(data_url.decode(url, LIMITS.max_bytes)) == "image/png"


PNG = next(png for side in range(9, 99) if len(png := encoded("PNG", (side, side))) % 3)
TEXT = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "url",
    [
        f"data:;base64,{TEXT}",
        f"DATA:IMAGE/PNG;BASE64,{TEXT}",
        f" data:image/png;base64,{TEXT}\n",
        f"data:image/png; base64, {TEXT}",
        f"data:application/octet-stream;base64,{TEXT}",
        f"data:image/x-png;base64,{TEXT}",
        f"data:image/png;charset=utf-8;base64,{TEXT}",
        f"data:image/png;name=截图.png;base64,{TEXT}",
        f'data:image/png;name="a;base64,b.png";base64,{TEXT}',
        f"data:image/png;name=a%3Bb%2C.png;base64,{TEXT}",
        f"data:image/png;name={'x' * 900};base64,{TEXT}",
        f"data:image/png;name={quote('运单截图' * 63)}.png;base64,{TEXT}",
        f"data:image/png;base64,{TEXT[:40]}\f{TEXT[40:]}",
        f"data:image/png;base64,{TEXT.rstrip('=')}",
        f"data:image/png;base64,{quote(TEXT, safe='')}",
        f"data:image/png;base64,{TEXT[:40]}%0A{TEXT[40:80]}%20\t{TEXT[80:]}",
    ],
)
def test_a_data_url_is_read_as_rfc_2397_has_it(url: str) -> None:
    assert data_url.decode(url, LIMITS.max_bytes) == PNG


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64",
        f"data:image/png;name={'x' * 5000};base64,{TEXT}",
        "data:" + ";" * 5_000_000,
    ],
)
def test_the_head_of_a_data_url_is_bounded(url: str) -> None:
    with pytest.raises(InvalidImage) as told:
        data_url.decode(url, LIMITS.max_bytes)
    assert told.value.details["expected"].startswith("data:")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1avif", "AVIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    ],
)
def test_a_kind_that_is_not_taken_is_named_with_those_that_are(data: bytes, name: str) -> None:
    with pytest.raises(
        UnsupportedMediaType, match=f"{name} .* send JPEG, PNG, WebP, GIF, BMP, HEIC or PDF"
    ) as told:
        sniff(data)
    assert told.value.details == {"kind": name, "accepted": list(ACCEPTED)}


def test_heic_by_its_second_brand_is_heic() -> None:
    assert sniff(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic") == "image/heic"


@pytest.mark.parametrize("declared", ["application/octet-stream", "image/x-png", "", "text/html"])
def test_an_upload_is_taken_by_its_bytes_whatever_it_calls_itself(
    gateway: Running, declared: str
) -> None:
    file = ("a.png", PNG, declared) if declared else ("a.png", PNG)
    answer = requests.post(gateway.url + "/api/files", files={"file": file}, timeout=60)
    assert answer.status_code == 200, answer.text


def test_an_empty_upload_says_so(gateway: Running) -> None:
    answer = requests.post(gateway.url + "/api/files", files={"file": ("a.png", b"")}, timeout=60)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (
        400,
        "invalid_request",
        "The file 'a.png' is empty.",
    )
    assert error["details"]["size"] == 0
