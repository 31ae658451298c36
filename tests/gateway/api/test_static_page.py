"""The page's files without an nginx in front, as in `make demo`."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import load_settings
from tests.support.page_files import LIFETIME, change, digest_in, page_copy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return page_copy(tmp_path)


@pytest.fixture
async def client(tmp_path: Path, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = load_settings(
        data_dir=tmp_path,
        anonymous_networks="127.0.0.0/8",
        staff_anonymous=True,
        frontend_dir=folder,
    )
    transport = httpx.ASGITransport(create_app(settings), client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as made:
        yield made


async def test_pages_are_asked_for_anew_and_their_assets_kept(client: httpx.AsyncClient) -> None:
    pages = [await client.get(path) for path in ("/chat.html", "/embed.html", "/desk.html")]
    assert {page.headers["cache-control"] for page in pages} == {"no-cache"}
    (digest,) = {digest_in(page.text) for page in pages}
    kept = await client.get(f"/assets/{digest}/js/main.js")
    assert kept.headers["cache-control"] == LIFETIME
    assert kept.headers["content-security-policy"]
    plain = await client.get("/assets/js/main.js")
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.content == kept.content
    assert (await client.get("/embed.js")).headers["cache-control"] == "no-cache"


async def test_an_old_tab_gets_the_present_files_and_does_not_keep_them(
    client: httpx.AsyncClient, folder: Path
) -> None:
    before = digest_in((await client.get("/chat.html")).text)
    change(folder)
    after = digest_in((await client.get("/chat.html")).text)
    assert after != before
    old = await client.get(f"/assets/{before}/css/chat.css")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    new = await client.get(f"/assets/{after}/css/chat.css")
    assert (new.content, new.headers["cache-control"]) == (old.content, LIFETIME)
    assert ".changed" in new.text


async def test_what_is_missing_is_not_kept(client: httpx.AsyncClient, folder: Path) -> None:
    digest = digest_in((await client.get("/chat.html")).text)
    for path in ("nothing.js", "js", "js/", "", "../chat.html", "%2e%2e/chat.html"):
        missing = await client.get(f"/assets/{digest}/{path}")
        assert missing.status_code == 404, path
        assert missing.headers.get("cache-control") != LIFETIME, path
    (folder / "chat.html").unlink()
    assert (await client.get("/chat.html")).status_code == 404


async def test_head_of_a_page_says_its_size(client: httpx.AsyncClient) -> None:
    page = await client.get("/chat.html", headers={"accept-encoding": "identity"})
    head = await client.head("/chat.html", headers={"accept-encoding": "identity"})
    assert head.headers["content-length"] == page.headers["content-length"]
