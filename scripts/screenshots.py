"""`make screenshots`: the pictures that the README shows, taken of the real page with the real engine."""

import os
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.servers import running_desk

ROOT = Path(__file__).parents[1]
QUESTION = {"zh-CN": "这张图显示了什么错误？我该怎么解决？", "en": "What error is this, and how do I fix it?"}


def main() -> None:
    with running_desk() as desk, sync_playwright() as playwright:
        executable = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-quic"])
        for locale, name in (("zh-CN", "chat"), ("en", "chat-en")):
            page = browser.new_context(viewport={"width": 1366, "height": 860}, locale=locale).new_page()
            page.goto(desk.url + "/chat.html")
            page.set_input_files("#picker", ROOT / "examples/screens/payment-failed.png")
            page.fill("#question", QUESTION[locale])
            page.keyboard.press("Enter")
            page.locator(".chip").first.wait_for(timeout=20_000)
            page.wait_for_timeout(400)
            page.screenshot(path=ROOT / f"docs/images/{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
