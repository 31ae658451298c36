"""The page's files by nginx: kept by browsers under their digest, and asked for under others."""

import os
import subprocess
from pathlib import Path

import pytest
import requests

from tests.support.nginx import Front
from tests.support.page_files import LIFETIME, change, digest_in, page_copy, without_digest
from tests.support.paths import ROOT

PERSON = ("agent", "desk")


def get(front: Front, path: str, **headers: str) -> requests.Response:
    return requests.get(front.url + path, auth=PERSON, headers=headers, timeout=5)


@pytest.fixture(scope="module")
def digest(front: Front) -> str:
    return digest_in(get(front, "/chat.html").text)


def test_pages_are_asked_for_anew_and_differ_from_the_folder_by_the_digest(
    front: Front, digest: str
) -> None:
    source = (ROOT / "frontend/chat.html").read_text()
    for path in ("/chat.html", "/embed.html"):
        page = get(front, path)
        assert (digest_in(page.text), page.headers["cache-control"]) == (digest, "no-cache")
        assert without_digest(page.content.decode()) == source
    assert get(front, "/embed.js").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["js/main.js", "css/chat.css", "img/icon.svg", "manifest.json"])
def test_assets_are_kept_under_the_digest_alone(front: Front, digest: str, path: str) -> None:
    plain = get(front, f"/assets/{path}")
    assert plain.headers["cache-control"] == "no-cache"
    for named, lifetime in ((digest, LIFETIME), ("0123456789abcdef", "no-cache")):
        asset = get(front, f"/assets/{named}/{path}")
        assert (asset.status_code, asset.headers["cache-control"]) == (200, lifetime)
        assert asset.content == plain.content
        for name in ("content-type", "content-security-policy", "content-encoding", "etag"):
            assert asset.headers.get(name) == plain.headers.get(name), name


def test_what_is_missing_is_not_kept(front: Front, digest: str) -> None:
    for path in ("nothing.js", "js/", "", "%2e%2e/%2e%2e/etc/htpasswd", "..%2f..%2fhtpasswd"):
        missing = get(front, f"/assets/{digest}/{path}")
        assert missing.status_code == 404, path
        assert "cache-control" not in missing.headers, path


def test_any_other_file_makes_another_digest_and_the_same_files_the_same(tmp_path: Path) -> None:
    page = page_copy(tmp_path)

    def made(name: str) -> str:
        etc = tmp_path / name
        subprocess.run(
            ["sh", ROOT / "nginx/entrypoint/36-page.sh"],
            env={"PATH": os.environ["PATH"], "NGINX_ETC": str(etc), "NGINX_PAGE": str(page)},
            check=True,
        )
        served = etc / "generated/frontend"
        assert digest_in((served / "desk.html").read_text())
        return digest_in((served / "chat.html").read_text())

    first = made("a")
    assert (made("a"), made("b")) == (first, first)
    change(page)
    second = made("a")
    assert second != first
    assert ".changed" in (tmp_path / "a/generated/frontend/assets/css/chat.css").read_text()
    (page / "assets/img/icon.svg").rename(page / "assets/img/other.svg")
    assert made("a") not in (first, second)
