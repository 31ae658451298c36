"""The page in Debian's Chromium, driven by Playwright, with a real nginx, gateway and lite."""

import contextlib
import hashlib
import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.kit import AGENT, STAFF, STAFF_KEY, Open, Site, open_page
from tests.support.business import Business, running_business, running_business_desk
from tests.support.gateways_as_one import Start, alone, as_one
from tests.support.nginx import NGINX, rendered
from tests.support.servers import (
    Running,
    free_port,
    running,
    running_gateway,
    running_lite,
    wait_for,
)
from tests.support.workers import WORKER

SPARE_ADDRESS = f"10.254.254.{WORKER + 1}"


@pytest.fixture(scope="session")
def lan_address() -> Iterator[str]:
    """An address of this machine other than loopback; added for the session if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with contextlib.suppress(OSError):
            probe.connect(("192.0.2.1", 9))  # sends nothing; asks the routing table
        address = str(probe.getsockname()[0])
    if not address.startswith(("127.", "0.")):
        yield address
        return
    subprocess.run(["ip", "address", "add", f"{SPARE_ADDRESS}/32", "dev", "lo"], check=True)
    try:
        yield SPARE_ADDRESS
    finally:
        subprocess.run(["ip", "address", "del", f"{SPARE_ADDRESS}/32", "dev", "lo"], check=True)


@contextlib.contextmanager
def serving(
    folder: Path,
    *addresses: str,
    max_body_bytes: int = 64 * 1024 * 1024,
    started: Callable[[Start, Path], contextlib.AbstractContextManager[Running]] = alone,
    **more: str,
) -> Iterator[Site]:
    """Serves the page by nginx, gateway and lite. The last address is the LAN's."""
    port = free_port()
    digest = hashlib.sha256(STAFF_KEY.encode()).hexdigest()
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"keys": [{"name": "Li", "sha256": digest, "role": "staff"}]}))
    settings = {
        "API_KEYS_FILE": str(keys),
        "PROXY_SECRET": "between-us",
        "TRUSTED_PROXIES": "127.0.0.0/8",
        "ALLOWED_IPS": "*",
        "DATABASE_URL": f"sqlite:///{folder}/desk.db",
        "MAX_BODY_BYTES": str(max_body_bytes),
        "RESUME_GRACE": "10",
        "STAFF_USERS": ",".join(STAFF),
        "PORT": str(free_port()),
        **more,
    }

    def start(**other: str) -> contextlib.AbstractContextManager[Running]:
        return running_gateway(lite.url, folder / "data", **{**settings, **other})

    with running_lite() as lite, started(start, folder) as gateway:
        wait_for(gateway.url + "/readyz")
        configuration = rendered(
            folder, port, gateway.url, max_body_bytes, addresses, ALLOWED_IPS="*"
        )
        with (folder / "etc/generated/htpasswd").open("a") as users:
            users.writelines(f"{name}:{{PLAIN}}desk\n" for name in STAFF)
        process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(configuration)])
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", process, folder / "error.log")
            urls = f"http://127.0.0.1:{port}", f"http://{addresses[-1]}:{port}"
            yield Site(*urls, folder, gateway, start)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, lan_address: str) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with serving(folder, "127.0.0.1", lan_address, started=as_one) as served:
        yield served


@pytest.fixture(scope="module")
def bounded_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose limits a test can reach."""
    bounds: dict[str, Any] = {"RATE_LIMIT_USER": "2/15second"}
    with serving(
        tmp_path_factory.mktemp("bounded"), "127.0.0.1", max_body_bytes=100_000, **bounds
    ) as served:
        yield served


@pytest.fixture(scope="session")
def business() -> Iterator[Business]:
    with running_business() as started:
        yield started


@pytest.fixture(scope="session")
def staffed(business: Business) -> Iterator[Running]:
    """A desk as `make demo` runs it: whoever opens /desk.html acts as `demo`. nginx's users anna
    and ben are staff, too (tests/support/access.py)."""
    behind_nginx = {"PROXY_SECRET": "between-us", "TRUSTED_PROXIES": "127.0.0.0/8"}
    with running_business_desk(business.url, STAFF_USERS="anna,ben", **behind_nginx) as desk:
        yield desk


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser of a Chinese visitor at 1366×768 who knows the password."""
    made = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", http_credentials=AGENT
    )
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page. A script error or a violation of the Content-Security-Policy fails the test."""
    made = context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on(
        "console",
        lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None,
    )
    yield made
    assert errors == []


@contextlib.contextmanager
def slowly_answered(folder: Path, **settings: Any) -> Iterator[Site]:
    """A site whose engine writes as slowly as its question says."""
    with running("tests.support.fake_engine", {}) as engine:
        settings |= {"ENGINE": "cpu", "ENGINE_URLS": engine.url}
        with serving(folder, "127.0.0.1", **settings) as site:
            yield site


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens a page in a browser context of its own. A script error fails the test."""
    errors: list[str] = []
    with contextlib.ExitStack() as stack:

        def open_as(site: Site, user: str, locale: str = "zh-CN") -> Page:
            context = browser.new_context(
                viewport={"width": 1366, "height": 768},
                locale=locale,
                http_credentials={"username": user, "password": "desk"},
            )
            stack.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            if user in STAFF:
                page.goto(site.url + "/desk.html#/inbox")
                expect(page.locator(".inbox .filters")).to_be_visible()
            else:
                open_page(page, site)
            return page

        yield open_as
    assert errors == []
