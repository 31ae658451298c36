"""Previews of files that browsers cannot draw, in the size of the picture that was read."""

import io

import pytest
import requests
from PIL import Image

from tests.support.paths import SCREENS
from tests.support.pictures import pdf
from tests.support.servers import Running

SCREEN = SCREENS / "browser-error.png"


def saved(image: Image.Image, kind: str) -> bytes:
    made = io.BytesIO()
    image.save(made, kind)
    return made.getvalue()


def preview(gateway: Running, data: bytes, page: str = "") -> requests.Response:
    with requests.Session() as visitor:
        stored = visitor.post(
            gateway.url + "/api/files", files={"file": ("a", data)}, timeout=60
        ).json()["id"]
        return visitor.get(f"{gateway.url}/api/files/{stored}/preview{page}", timeout=60)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (SCREEN.read_bytes(), (1366, 768)),
        (saved(Image.effect_noise((300, 200), 60), "HEIF"), (300, 200)),
        (saved(Image.effect_noise((4000, 200), 60).convert("RGB"), "HEIF"), (4000, 200)),
        (pdf(box="0 0 200 100"), (417, 209)),
    ],
    ids=["png", "heic", "heic that is cut into tiles", "pdf at 150 dots an inch"],
)
def test_a_preview_is_the_whole_picture_as_it_is_read(
    gateway: Running, data: bytes, size: tuple[int, int]
) -> None:
    answer = preview(gateway, data)
    assert answer.status_code == 200
    assert answer.headers["content-type"] in ("image/png", "image/jpeg")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert Image.open(io.BytesIO(answer.content)).size == size


def test_a_page_is_asked_for_by_its_number_and_beyond_the_last_there_is_none(
    gateway: Running,
) -> None:
    assert preview(gateway, pdf(3), "?page=3").status_code == 200
    for data, page in ((pdf(3), "?page=4"), (SCREEN.read_bytes(), "?page=2")):
        answer = preview(gateway, data, page)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "file_not_found")
    for wrong in ("?page=0", "?page=-1", "?page=x"):
        assert preview(gateway, SCREEN.read_bytes(), wrong).status_code == 400
