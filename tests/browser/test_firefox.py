"""Both pages in Debian's Firefox, driven over WebDriver BiDi by Puppeteer."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.browser.kit import Site
from tests.support.paths import ROOT, SCREENS

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or ""


@pytest.fixture(scope="module")
def seen(site: Site) -> Any:
    """What a customer and staff saw in Firefox (tests/browser/firefox.mjs)."""
    command = ["node", "tests/browser/firefox.mjs", site.url, FIREFOX]
    done = subprocess.run(
        [*command, str(SCREENS / "browser-error.png")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_a_customer_attaches_a_screenshot_and_watches_the_answer_grow(seen: Any) -> None:
    assert "ERR_CONNECTION_TIMED_OUT" in seen["asked"]["text"]
    assert len(seen["asked"]["lengths"]) >= 2, "the answer was drawn in one piece"


def test_staff_answer_a_customer_who_asked_for_a_person(seen: Any) -> None:
    assert seen["handedOver"]["number"]
    assert "您好，我来处理。" in seen["handedOver"]["message"]
    assert "li" in seen["handedOver"]["message"]


def test_neither_page_logs_an_error(seen: Any) -> None:
    assert seen["faults"] == []
