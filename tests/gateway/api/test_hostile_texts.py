"""Texts from public lists of hostile inputs: none of them causes a 5xx."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import unquote

import pytest
import requests
from PIL import Image

from tests.support.hostile.texts import NAUGHTY, ODDITIES, SCRIPT_INJECTIONS
from tests.support.paths import SCREENS
from tests.support.servers import Running

HEADERS = {"content-type": "application/json"}
GOOD = json.dumps({"model": "fake-vl", "messages": [{"role": "user", "content": "hi"}]}).encode()


@pytest.fixture(autouse=True)
def a_good_request_works_afterwards(gateway: Running) -> Iterator[None]:
    yield
    assert send(gateway, GOOD).status_code == 200


def send(gateway: Running, body: bytes) -> requests.Response:
    return requests.post(
        gateway.url + "/v1/chat/completions", data=body, headers=HEADERS, timeout=20
    )


@pytest.mark.parametrize("name", sorted(ODDITIES))
def test_odd_json_is_refused_with_a_400(gateway: Running, name: str) -> None:
    answer = send(gateway, ODDITIES[name])
    assert answer.status_code == 400
    if name.startswith("n_"):
        assert answer.json()["error"]["code"] in ("invalid_json", "invalid_request")
    if name.startswith("y_"):
        assert answer.json()["error"]["code"] in ("invalid_request", "unsupported_parameter")


def test_naughty_strings_as_questions_and_names_are_answered_or_refused(gateway: Running) -> None:
    for text in NAUGHTY:
        body = {
            "model": "fake-vl",
            "messages": [{"role": "user", "content": text or " "}],
            "user": text[:200],
        }
        answer = send(gateway, json.dumps(body).encode("utf-8", "surrogatepass"))
        assert answer.status_code in (200, 400), text
        unknown = send(
            gateway, json.dumps({**body, "model": text[:100]}).encode("utf-8", "surrogatepass")
        )
        assert unknown.status_code in (400, 404), text
        assert send(gateway, GOOD).status_code == 200, text


def test_script_injections_pass_as_text_and_come_back_as_nothing_else(gateway: Running) -> None:
    for text in SCRIPT_INJECTIONS:
        answer = send(
            gateway,
            json.dumps(
                {"model": text[:200] or "x", "messages": [{"role": "user", "content": text}]}
            ).encode(),
        )
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert send(gateway, GOOD).status_code == 200, text


def test_naughty_file_names_are_kept_as_names(gateway: Running) -> None:
    png = (SCREENS / "app-error.png").read_bytes()
    for name in (
        "../../etc/passwd",
        "a\\b\\c.png",
        "x" * 400 + ".png",
        "‮gnp.exe.png",
        "a'b\"c.png",
        "..",
    ):
        stored = requests.post(gateway.url + "/v1/files", files={"file": (name, png)}, timeout=20)
        assert stored.status_code == 200
        assert "/" not in stored.json()["filename"]
        content = requests.get(f"{gateway.url}/v1/files/{stored.json()['id']}/content", timeout=5)
        assert content.content == png


def test_script_injections_as_file_names_come_back_as_one_harmless_header(gateway: Running) -> None:
    picture = BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    for text in SCRIPT_INJECTIONS[:250]:
        stored = requests.post(
            gateway.url + "/v1/files",
            files={"file": (text[:200] or "x", picture.getvalue())},
            timeout=20,
        ).json()
        content = requests.get(f"{gateway.url}/v1/files/{stored['id']}/content", timeout=5)
        assert content.headers["content-type"] == "image/png"
        assert content.headers["x-content-type-options"] == "nosniff"
        disposition = content.headers["content-disposition"]
        assert re.fullmatch(
            r"(inline|attachment); filename\*=UTF-8''[A-Za-z0-9%._~/-]*", disposition
        ), disposition
        assert unquote(disposition.partition("''")[2]) == stored["filename"]


@pytest.mark.parametrize(
    "file_id", ["..%2f..%2fetc%2fpasswd", "file-", "file-" + "a" * 500, "%00", "file-%2e%2e"]
)
def test_a_strange_file_id_is_not_found(gateway: Running, file_id: str) -> None:
    assert requests.get(f"{gateway.url}/v1/files/{file_id}", timeout=5).status_code == 404
