"""`make screenshots`: takes the README's pictures of the page, answered by `lite`.

`ALL=folder` takes every main state in both languages, both themes and three sizes instead.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.support.servers import Running, running_gateway, running_host, running_lite, wait_for

ROOT = Path(__file__).parents[1]
SCREENS = ROOT / "examples" / "screens"
QUESTION = {
    "zh-CN": "这张图显示了什么错误？我该怎么解决？",
    "en": "What error is this, and how do I fix it?",
}
SIZES = ((1366, 768), (1920, 1080), (390, 844))
ANSWER_MS = 60_000


def main() -> None:
    with running_sites() as sites, sync_playwright() as playwright:
        executable = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-quic"]
        )
        if folder := os.environ.get("ALL"):
            every_state(browser, sites, Path(folder))
        else:
            readme(browser, sites.desk)
        browser.close()


@dataclass(frozen=True, slots=True)
class Sites:
    desk: Running
    tickets: str
    shop: str


@contextlib.contextmanager
def running_sites() -> Iterator[Sites]:
    """The desk, and two pages that embed it."""
    key = {"SIGHTDESK_API_KEY": "sk-host"}
    with (
        TemporaryDirectory() as data,
        running_lite() as lite,
        running_gateway(lite.url, Path(data), API_KEYS="host:sk-host", READER_TIMEOUT="60") as desk,
        running_host(
            desk, "examples.ticket-desk.server", TICKETS=f"{data}/tickets.db", **key
        ) as tickets,
        running_host(desk, "examples.host", "examples/shop", **key) as shop,
    ):
        wait_for(desk.url + "/readyz")
        yield Sites(desk, tickets, shop)


def readme(browser: Browser, desk: Running) -> None:
    for locale, name in (("zh-CN", "chat"), ("en", "chat-en")):
        page = opened(browser, desk, locale, "light", (1366, 860))
        answered(page, locale)
        page.screenshot(path=ROOT / f"docs/images/{name}.png")
        page.context.close()


def every_state(browser: Browser, sites: Sites, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for locale, theme, size in product(QUESTION, ("light", "dark"), SIZES):
        page = opened(browser, sites.desk, locale, theme, size)
        for state in states(page, locale):
            page.screenshot(path=folder / f"{state}-{locale}-{theme}-{size[0]}.png")
        page.context.close()
    # The host pages have one theme, and the shop one language.
    for locale, size in product(QUESTION, SIZES):
        page = blank(browser, locale, "light", size)
        for state in hosted(page, sites, locale):
            page.screenshot(path=folder / f"{state}-{locale}-{size[0]}.png")
        page.context.close()


def blank(browser: Browser, locale: str, theme: str, size: tuple[int, int]) -> Page:
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, locale=locale, color_scheme=theme)  # type: ignore[arg-type]  # it wants a typed dict and a literal
    return context.new_page()


def opened(browser: Browser, desk: Running, locale: str, theme: str, size: tuple[int, int]) -> Page:
    page = blank(browser, locale, theme, size)
    page.goto(desk.url + "/chat.html")
    page.locator("#questions .ask").first.wait_for(state="attached")
    return page


def answered(page: Page, locale: str) -> None:
    page.set_input_files("#picker", SCREENS / "payment-failed.png")
    page.fill("#question", QUESTION[locale])
    page.press("#question", "Enter")
    page.locator(".turn.assistant .chip").first.wait_for(timeout=ANSWER_MS)
    page.wait_for_timeout(400)


def states(page: Page, locale: str) -> Iterator[str]:
    yield "welcome"
    answered(page, locale)
    yield "answered"
    page.locator(".turn.assistant .chip.seen").first.click()
    expect(page.locator(".region.lit")).to_be_visible()
    yield "lit"
    page.keyboard.press("Escape")
    page.locator(".turn.assistant .chip").first.click()
    page.locator("#clause").wait_for()
    yield "clause"
    page.keyboard.press("Escape")
    page.set_input_files("#picker", [SCREENS / "order.png", SCREENS / "invoice.png"])
    page.wait_for_timeout(800)
    yield "attached"
    page.locator("#attachments .thumb").first.click()
    page.locator(".editor .tool").nth(2).click()
    yield "editor"
    page.keyboard.press("Escape")
    body = '{"error":{"message":"m","type":"t","param":null,"code":"rate_limit_exceeded"}}'
    page.route(
        "**/api/chat",
        lambda route: route.fulfill(
            status=429, body=body, headers={"retry-after": "12"}, content_type="application/json"
        ),
    )
    page.fill("#question", QUESTION[locale])
    page.press("#question", "Enter")
    page.locator(".failure:visible .retry").wait_for(timeout=ANSWER_MS)
    yield "failed"
    page.unroute("**/api/chat")
    page.route("**/api/chat", lambda route: None)
    page.fill("#question", QUESTION[locale])
    page.press("#question", "Enter")
    page.locator(".phase:visible").wait_for()
    yield "waiting"
    page.context.set_offline(True)
    page.locator("#banner:visible").wait_for()
    yield "offline"
    page.context.set_offline(False)
    page.route("**/api/config", loading)
    page.reload()
    page.locator("#banner:visible").wait_for()
    page.wait_for_timeout(400)
    yield "loading"
    if page.locator("#menu").is_visible():
        page.click("#menu")
        page.wait_for_timeout(300)
        yield "drawer"
        page.keyboard.press("Escape")
    else:
        page.click("#help")
        yield "help"


def loading(route: Route) -> None:
    response = route.fetch()
    state = {"ready": False, "phase": "loading", "percent": 62, "fallback": True}
    route.fulfill(response=response, json=response.json() | {"engine_state": state})


def hosted(page: Page, sites: Sites, locale: str) -> Iterator[str]:
    page.goto(sites.shop)
    page.locator("button.opener").wait_for()
    yield "shop"
    page.locator("button.opener").click()
    desk = page.frame_locator("iframe")
    desk.locator(".welcome h2").wait_for()
    yield "bubble"
    desk.locator("#question").fill(QUESTION[locale])
    desk.locator("#question").press("Enter")
    desk.locator(".turn.assistant .copy").wait_for(timeout=ANSWER_MS)
    yield "bubble-answered"
    page.goto(f"{sites.tickets}/#1042")
    page.locator(".message").first.wait_for()
    yield "ticket"
    page.locator(".to-ai").click()
    desk = page.frame_locator("#frame iframe")
    insert = desk.locator(".insert").last
    insert.wait_for(timeout=ANSWER_MS)
    yield "ticket-asked"
    insert.click()
    page.locator(".note.by-ai").last.wait_for(state="attached")
    if page.locator("#close-ai").is_visible() and page.viewport_size["width"] < 900:  # type: ignore[index]  # a page of ours has one
        page.locator("#close-ai").click()
    yield "ticket-note"


if __name__ == "__main__":
    main()
