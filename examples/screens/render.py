"""Renders src/*.html into the screenshots beside this file.

Run it with `.venv/bin/python -m examples.screens.render`.
"""

import os
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
DESKTOP, PHONE, A4 = (1366, 768), (412, 780), (1240, 1754)
SIZES = {"payment-failed": PHONE, "app-error": PHONE, "contract-v1": A4, "contract-v2": A4}


def main() -> None:
    with sync_playwright() as playwright:
        executable = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-quic"]
        )
        for source in sorted((HERE / "src").glob("*.html")):
            width, height = SIZES.get(source.stem, DESKTOP)
            scale = 2 if (width, height) == PHONE else 1
            page = browser.new_page(
                viewport={"width": width, "height": height}, device_scale_factor=scale
            )
            page.goto(source.as_uri())
            page.screenshot(path=HERE / f"{source.stem}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
