"""`make screenshots`: the pictures that the README shows, taken of the real page with the real engine.

`ALL=folder` takes every main state in both languages, both themes and three sizes instead, to be looked at.
"""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.servers import Running, running_desk

ROOT = Path(__file__).parents[1]
SCREENS = ROOT / "examples" / "screens"
QUESTION = {"zh-CN": "这张图显示了什么错误？我该怎么解决？", "en": "What error is this, and how do I fix it?"}
SIZES = ((1366, 768), (1920, 1080), (390, 844))
ANSWER_MS = 30_000


def main() -> None:
    with running_desk() as desk, sync_playwright() as playwright:
        executable = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-quic"])
        if folder := os.environ.get("ALL"):
            every_state(browser, desk, Path(folder))
        else:
            readme(browser, desk)
        browser.close()


def readme(browser: Browser, desk: Running) -> None:
    for locale, name in (("zh-CN", "chat"), ("en", "chat-en")):
        page = opened(browser, desk, locale, "light", (1366, 860))
        answered(page, locale)
        page.screenshot(path=ROOT / f"docs/images/{name}.png")
        page.context.close()


def every_state(browser: Browser, desk: Running, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for locale, theme, size in product(QUESTION, ("light", "dark"), SIZES):
        page = opened(browser, desk, locale, theme, size)
        for state in states(page, locale):
            page.screenshot(path=folder / f"{state}-{locale}-{theme}-{size[0]}.png")
        page.context.close()


def opened(browser: Browser, desk: Running, locale: str, theme: str, size: tuple[int, int]) -> Page:
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, locale=locale, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
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
    if page.locator("#menu").is_visible():
        page.click("#menu")
        page.wait_for_timeout(300)
        yield "drawer"
        page.keyboard.press("Escape")
    else:
        page.click("#help")
        yield "help"


if __name__ == "__main__":
    main()
