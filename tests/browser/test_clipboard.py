"""Pasting: a spreadsheet's text, a screenshot's picture, a file manager's files."""

import base64
import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kit import READING, Site, attach, open_page, send
from tests.support.paths import SCREENS

SCREEN = (SCREENS / "order.png").read_bytes()
CELLS = "订单号\t金额\nQH202611090078126\t328.00"
TABLE = "<table><tr><td>订单号</td><td>金额</td></tr></table>"


def clipboard(
    page: Page, texts: dict[str, str], files: list[tuple[str, str]], target: str = "#question"
) -> bool:
    """Pastes these; whether the page took the paste over from the browser."""
    return bool(
        page.evaluate(
            """([texts, files, picture, target]) => {
                const bytes = Uint8Array.from(atob(picture), (one) => one.charCodeAt(0));
                const data = new DataTransfer();
                for (const [type, text] of Object.entries(texts)) data.setData(type, text);
                for (const [name, type] of files) data.items.add(new File([bytes], name, { type }));
                const element = document.querySelector(target);
                element.focus();
                const init = { clipboardData: data, bubbles: true, cancelable: true };
                return !element.dispatchEvent(new ClipboardEvent("paste", init));
            }""",
            [texts, files, base64.b64encode(SCREEN).decode(), target],
        )
    )


def test_cells_of_a_spreadsheet_are_pasted_as_text(page: Page, site: Site) -> None:
    open_page(page, site)
    page.fill("#question", "请核对：")
    clipboard(page, {"text/plain": CELLS, "text/html": TABLE}, [("image.png", "image/png")])
    expect(page.locator("#question")).to_have_value("请核对：" + CELLS)
    expect(page.locator("#attachments li")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.locator("#question")).to_have_value("请核对：")


def test_cells_are_pasted_as_text_wherever_the_focus_is(page: Page, site: Site) -> None:
    open_page(page, site)
    clipboard(
        page, {"text/plain": CELLS, "text/html": TABLE}, [("image.png", "image/png")], target="body"
    )
    expect(page.locator("#question")).to_have_value(CELLS)


def test_real_cells_on_the_real_clipboard_are_pasted_as_text(page: Page, site: Site) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, site)
    page.evaluate(
        """async ([text, html]) => {
            const canvas = new OffscreenCanvas(20, 20);
            canvas.getContext("2d").fillRect(0, 0, 9, 9);
            const of = (type, words) => new Blob([words], { type });
            await navigator.clipboard.write([new ClipboardItem({
                "text/plain": of("text/plain", text),
                "text/html": of("text/html", html),
                "image/png": await canvas.convertToBlob() })]);
        }""",
        [CELLS, TABLE],
    )
    page.focus("#question")
    page.keyboard.press("Control+v")
    expect(page.locator("#question")).to_have_value(CELLS)
    expect(page.locator("#attachments li")).to_have_count(0)


@pytest.mark.parametrize(
    "texts", [{}, {"text/html": '<img src="https://shop.example/a.png">'}], ids=["alone", "html"]
)
def test_a_screenshot_is_pasted_as_a_picture(page: Page, site: Site, texts: dict[str, str]) -> None:
    open_page(page, site)
    assert clipboard(page, texts, [("image.png", "image/png")])
    expect(page.locator("#attachments .name")).to_have_text(["image.png"])
    expect(page.locator("#question")).to_have_value("")


@pytest.mark.parametrize(
    "words",
    [
        "a.png\nb c.png",
        "/home/ann/a.png\r\n/home/ann/b c.png",
        "file:///home/ann/a.png\nfile:///home/ann/b%20c.png",
        "",
    ],
    ids=["names", "paths", "addresses", "no text"],
)
def test_files_of_a_file_manager_are_attached(page: Page, site: Site, words: str) -> None:
    open_page(page, site)
    texts = {"text/plain": words} if words else {}
    assert clipboard(page, texts, [("a.png", "image/png"), ("b c.png", "image/png")])
    expect(page.locator("#attachments .name")).to_have_text(["a.png", "b c.png"])
    expect(page.locator("#question")).to_have_value("")


def test_text_alone_is_the_browsers_affair(page: Page, site: Site) -> None:
    open_page(page, site)
    assert not clipboard(page, {"text/plain": "好"}, [])
    assert not clipboard(
        page, {"text/plain": CELLS, "text/html": TABLE}, [("image.png", "image/png")], "#search"
    )


def test_a_picture_that_is_pasted_and_sent_at_once_goes_with_the_question(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    page.fill("#question", "订单号是多少")
    with page.expect_request("**/api/chat", timeout=READING) as sent:
        clipboard(page, {}, [("image.png", "image/png")])
        page.press("#question", "Enter")
    parts = json.loads(sent.value.post_data or "")["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["text", "file"]


@pytest.mark.parametrize("kind", ["application/octet-stream", "image/x-png", "", "text/plain"])
def test_a_picture_is_known_by_its_bytes(page: Page, site: Site, kind: str) -> None:
    open_page(page, site)
    page.evaluate(
        """([picture, type]) => {
            const data = new DataTransfer();
            const bytes = Uint8Array.from(atob(picture), (one) => one.charCodeAt(0));
            data.items.add(new File([bytes], "shot", { type }));
            const init = { dataTransfer: data, bubbles: true, cancelable: true };
            document.dispatchEvent(new DragEvent("drop", init));
        }""",
        [base64.b64encode(SCREEN).decode(), kind],
    )
    expect(page.locator("#attachments .note")).to_contain_text("KB", timeout=READING)
    page.wait_for_function("() => document.querySelector('#attachments img').naturalWidth > 0")


def test_letters_on_transparency_are_seen_whether_they_are_white_or_black(
    page: Page, site: Site
) -> None:
    """Both stand out from the ground behind the picture: in list, thread and lightbox."""
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    grounds = [page.locator("#attachments .thumb img")]
    send(page, "订单号是多少")
    grounds.append(page.locator(".turn.user .picture img"))
    expect(grounds[1]).to_be_visible(timeout=READING)
    seen = ["#6f7773", "#7d8682"]
    assert "conic-gradient" in grounds[1].evaluate(
        "image => getComputedStyle(image).backgroundImage"
    )
    page.locator(".turn.user .picture").click()
    stage = page.locator(".lightbox .stage img")
    expect(stage).to_be_visible()
    assert "conic-gradient" in stage.evaluate("image => getComputedStyle(image).backgroundImage")
    for ground in seen:
        light = luminance(ground)
        assert 1.05 / (light + 0.05) > 3  # white letters
        assert (light + 0.05) / 0.05 > 3  # black letters


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_object_urls_are_revoked_and_no_picture_is_fetched_twice(page: Page, site: Site) -> None:
    page.add_init_script(
        """window.live = new Set();
        const { createObjectURL, revokeObjectURL } = URL;
        URL.createObjectURL = (blob) => {
            const url = createObjectURL.call(URL, blob); live.add(url); return url; };
        URL.revokeObjectURL = (url) => { live.delete(url); revokeObjectURL.call(URL, url); };"""
    )
    got: list[str] = []
    page.on(
        "request", lambda request: got.append(request.url) if "/content" in request.url else None
    )
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    page.locator("#attachments .remove").click()
    expect(page.locator("#attachments li")).to_have_count(0)
    assert page.evaluate("live.size") == 0
    attach(page, SCREENS / "order.png")
    send(page, "订单号是多少")
    expect(page.locator(".turn.user .picture img")).to_be_visible(timeout=READING)
    page.click("#locale")
    page.click("#new-conversation")
    page.locator("#history .past").first.click()
    page.wait_for_function(
        "() => document.querySelector('.turn.user .picture img')?.naturalWidth > 0"
    )
    page.locator(".turn.user .picture").click()
    expect(page.locator(".lightbox .stage img")).to_be_visible()
    assert page.evaluate("live.size") == 1
    assert got == []
