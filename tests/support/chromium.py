"""Debian's Chromium, driven by Playwright: one browser per session, a fresh visitor per test."""

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Frame, Page, sync_playwright

from tests.support.paths import ROOT

EXECUTABLE = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser of a Chinese visitor at 1366×768. A script error fails the test."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    made = context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    yield made
    context.close()
    assert errors == []


Axe = Callable[[Page | Frame], list[str]]


@pytest.fixture(scope="session")
def axe() -> Axe:
    """Returns a function that lists what axe-core finds wrong in a page or in one of its frames.

    scripts/test-tools fetches axe-core once.
    """
    file = ROOT / ".cache" / "npm" / "axe-core" / "axe.min.js"
    if not file.is_file():
        subprocess.run([ROOT / "scripts" / "test-tools"], check=True)
    source = file.read_text()

    def found(frame: Page | Frame) -> list[str]:
        frame.evaluate(source)
        words = "[id, node.html, node.failureSummary].join(' ')"
        nodes = f"violations.flatMap(({{ id, nodes }}) => nodes.map((node) => {words}))"
        violations: list[str] = frame.evaluate(
            f"axe.run({{ iframes: false }}).then(({{ violations }}) => {nodes})"
        )
        return violations

    return found
