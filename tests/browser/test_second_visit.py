"""The second visit fetches the page itself and calls the API; scripts, styles and pictures are
there."""

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, expect

from tests.support.nginx import NGINX, running_front
from tests.support.page_files import LIFETIME, change, digest_in, page_copy
from tests.support.paths import ROOT
from tests.support.servers import running, running_gateway, wait_until

BASIC = "Basic " + base64.b64encode(b"agent:desk").decode()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """With the password in a header: Playwright's own way switches the browser's cache off."""
    made = browser.new_context(locale="en-GB", extra_http_headers={"authorization": BASIC})
    yield made
    made.close()


def visit(visitor: BrowserContext, url: str) -> list[str]:
    """The paths that went over the wire, by the browser's own measure: a response from its cache
    has no bytes of headers."""
    page = visitor.new_page()
    page.goto(url)
    expect(page.locator("#questions .ask").first).to_be_attached()
    page.wait_for_load_state("networkidle")
    changed = page.locator("html").get_attribute("data-changed")
    sent: list[str] = page.evaluate(
        """() => performance.getEntriesByType("resource")
            .filter((one) => one.transferSize > 0).map((one) => new URL(one.name).pathname)"""
    )
    page.close()
    return [*sent, *(["changed"] if changed else [])]


def assets(paths: list[str]) -> list[str]:
    return [path for path in paths if path.startswith("/assets/")]


def test_nginx_is_asked_for_no_asset_again_until_one_has_changed(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    folder = page_copy(tmp_path)
    with running_front(tmp_path, {"NGINX_PAGE": str(folder)}) as front:
        log = tmp_path / "access.log"
        url = front.url + "/chat.html"

        def asked() -> list[str]:
            before = len(log.read_text().splitlines())
            visit(visitor, url)
            new = log.read_text().splitlines()[before:]
            return [str(json.loads(line)["path"]) for line in new]

        assert len(assets(asked())) > 15
        second = asked()
        assert "/chat.html" in second
        assert [path for path in second if not path.startswith("/api/")] == ["/chat.html"]
        # ETags of pages have whole seconds.
        page = tmp_path / "etc/generated/frontend/chat.html"
        wait_until(lambda: time.time() > page.stat().st_mtime + 1, 10)
        change(folder)
        renew(tmp_path, folder)
        wait_until(lambda: lifetime(front.url) == LIFETIME, 30)
        third = visit(visitor, url)
        assert "changed" in third
        assert len(assets(third)) > 15
        assert assets(asked()) == []


def renew(folder: Path, page: Path) -> None:
    """As nginx's container does when it starts."""
    environment = {
        "PATH": os.environ["PATH"],
        "NGINX_ETC": str(folder / "etc"),
        "NGINX_PAGE": str(page),
    }
    script = ROOT / "nginx/entrypoint/36-page.sh"
    subprocess.run(["sh", script], env=environment, check=True)
    reload = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-s", "reload"]
    subprocess.run(reload, check=True)


def lifetime(url: str) -> str:
    page = requests.get(url + "/chat.html", auth=("agent", "desk"), timeout=5)
    path = f"/assets/{digest_in(page.text)}/js/main.js"
    return requests.get(url + path, timeout=5).headers["cache-control"]


def test_the_gateway_alone_is_asked_for_no_asset_again_until_one_has_changed(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    folder = page_copy(tmp_path)
    with (
        running("tests.support.fake_engine", {}) as engine,
        running_gateway(engine.url, tmp_path, FRONTEND_DIR=str(folder)) as gateway,
    ):
        url = gateway.url + "/chat.html"
        assert len(assets(visit(visitor, url))) > 15
        second = visit(visitor, url)
        assert second
        assert all(path.startswith("/api/") for path in second), second
        change(folder)
        third = visit(visitor, url)
        assert "changed" in third
        assert len(assets(third)) > 15
