"""Accessibility: axe-core on every state in both themes, keyboard only, and preferences."""

from collections.abc import Callable
from io import BytesIO

import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.kit import (
    READING,
    Site,
    answer,
    ask,
    attach,
    configured,
    content,
    error,
    extras,
    open_page,
    send,
    without_store,
)
from tests.support.chromium import Axe
from tests.support.paths import SCREENS

MARKDOWN = (
    "# 一\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> 引用\n\n`code` [link](https://example.com)\n\n"
    "```\nx = 1\n```"
)


def welcome(page: Page) -> None:
    expect(page.locator(".welcome")).to_be_visible()


def answered(page: Page) -> None:
    attach(page, SCREENS / "browser-error.png")
    ask(page, "这是什么错误")
    answer(
        page,
        extras(citations=[{"id": "a", "title": "T", "clause": "1", "text": "x"}]),
        content(MARKDOWN),
    )
    ask(page, "表格")


def attached(page: Page) -> None:
    broken = {
        "name": "half.png",
        "mimeType": "image/png",
        "buffer": (SCREENS / "waybill.png").read_bytes()[:8000],
    }
    good = {
        "name": "order.png",
        "mimeType": "image/png",
        "buffer": (SCREENS / "order.png").read_bytes(),
    }
    attach(page, good, broken)
    page.fill("#question", "草稿")


def failed(page: Page) -> None:
    answer(page, error("rate_limit_exceeded"), status=429, headers={"retry-after": "60"})
    send(page, "多少钱包邮")
    expect(page.locator(".retry")).to_be_disabled()


def waiting(page: Page) -> None:
    page.route("**/api/chat", lambda route: None, times=1)
    send(page, "多少钱包邮")
    expect(page.locator(".phase")).to_be_visible()


def stood_in(page: Page) -> None:
    answer(page, extras(degraded=True), content("好"))
    ask(page, "多少钱包邮")


def editing(page: Page) -> None:
    attach(page, SCREENS / "order.png")
    page.locator("#attachments .thumb").click()
    page.get_by_role("button", name="添加框").click()


def lit(page: Page) -> None:
    attach(page, SCREENS / "browser-error.png")
    ask(page, "这是什么错误").locator(".chip.seen").first.click()
    expect(page.locator(".region.lit")).to_be_visible()


def clause(page: Page) -> None:
    ask(page, "多少钱包邮").locator(".chip").first.click()


def reason(page: Page) -> None:
    ask(page, "多少钱包邮")
    page.get_by_role("button", name="没帮助").click()


def rewriting(page: Page) -> None:
    ask(page, "多少钱包邮")
    page.locator(".turn.user").hover()
    page.locator(".turn.user .edit").click()


def help_sheet(page: Page) -> None:
    page.click("#help")


def drawer(page: Page) -> None:
    ask(page, "多少钱包邮")
    page.set_viewport_size({"width": 390, "height": 844})
    page.click("#menu")


def hand_over(page: Page) -> None:
    ask(page, "多少钱包邮")
    page.get_by_role("button", name="转人工").click()
    expect(page.get_by_role("dialog", name="转人工客服")).to_be_visible()


def past(page: Page, button: str) -> None:
    ask(page, "多少钱包邮")
    page.locator("#history li").first.hover()
    page.locator(f"#history .{button}").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def renaming(page: Page) -> None:
    past(page, "rename")


def deleting(page: Page) -> None:
    past(page, "delete")


def stopped(page: Page) -> None:
    waiting(page)
    page.locator("#send.stopping").click()
    expect(page.locator(".stopped")).to_be_visible()


def offline(page: Page) -> None:
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_be_visible()


def loading(page: Page) -> None:
    configured(
        page, engine_state={"ready": False, "phase": "loading", "percent": 62, "fallback": False}
    )
    page.reload()
    expect(page.locator("#banner")).to_contain_text("62 %")


def start_failure(page: Page) -> None:
    page.route("**/api/config", lambda route: route.abort())
    page.reload()
    expect(page.locator(".welcome .retry")).to_be_visible()


def toast(page: Page) -> None:
    page.click("#hold")
    expect(page.locator("#toast")).not_to_be_empty()


def dropping(page: Page) -> None:
    page.evaluate(
        """() => { const data = new DataTransfer();
        data.items.add(new File(["a"], "a.png", { type: "image/png" }));
        const init = { dataTransfer: data, bubbles: true };
        document.dispatchEvent(new DragEvent("dragenter", init)); }"""
    )
    expect(page.locator("#drop")).to_be_visible()


def undrawn(page: Page) -> None:
    """PDF and HEIC, which browsers do not draw: as they are attached, and in the thread."""
    picture = Image.open(SCREENS / "order.png").convert("RGB")
    pdf, heic = BytesIO(), BytesIO()
    picture.save(pdf, "PDF")
    pillow_heif.from_pillow(picture).save(heic)
    files = (
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": pdf.getvalue()},
        {"name": "b.heic", "mimeType": "image/heic", "buffer": heic.getvalue()},
    )
    attach(page, *files)
    ask(page, "这是什么订单")
    expect(page.locator(".turn.user .file-name, .turn.user img")).to_have_count(2)
    attach(page, *files)


def kept_nowhere(page: Page) -> None:
    without_store(page)
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } })"
    )
    page.reload()
    expect(page.locator("#history .hint")).to_contain_text("浏览器不允许保存")


def history_away(page: Page) -> None:
    page.route(
        "**/api/conversations?**",
        lambda route: route.fulfill(status=503, json=error("upstream_unavailable")),
    )
    page.reload()
    expect(page.locator("#history .hint.wrong")).to_be_visible()


def english(page: Page) -> None:
    page.click("#locale")
    answered(page)
    expect(page.locator("html")).to_have_attribute("lang", "en")


def narrow(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    answered(page)
    attached(page)
    page.click("#locale")  # the longer words
    expect(page.locator("#send")).to_be_in_viewport(ratio=1)


STATES = [
    welcome, answered, attached, failed, waiting, stood_in, editing, lit, clause, reason, rewriting,
    help_sheet, drawer, hand_over, renaming, deleting, stopped, offline, loading, start_failure,
    toast, dropping, undrawn, kept_nowhere,
    history_away, english, narrow,
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_in_either_theme(
    page: Page, site: Site, axe: Axe, state: Callable[[Page], None]
) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_page(page, site)
    state(page)
    for theme in ("light", "dark"):
        page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
        assert axe(page) == [], theme


def test_all_of_it_works_by_keyboard(page: Page, site: Site) -> None:
    open_page(page, site)
    expect(page.locator("#question")).to_be_focused()
    page.locator("#thread").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="键盘快捷键")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("#thread").focus()
    page.keyboard.press("/")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type("为什么?/")  # in a field these are letters
    expect(page.locator("#question")).to_have_value("为什么?/")
    page.keyboard.press("Control+k")
    expect(page.locator("#search")).to_be_focused()
    ask(page, "多少钱包邮")
    page.keyboard.press("Alt+n")
    expect(page.locator(".turn")).to_have_count(0)


def test_escape_stops_an_answer(page: Page, site: Site) -> None:
    open_page(page, site)
    waiting(page)
    page.keyboard.press("Escape")
    expect(page.locator(".stopped")).to_be_visible()


# A focus ring may change the outline, border and shadow of an element or of its parent.
LOOK = """window.look = (one) => JSON.stringify([one, one.parentElement].map((each) => {
    const style = getComputedStyle(each);
    const outline = [style.outlineStyle, style.outlineWidth, style.outlineColor].join(" ");
    const isOutlined = style.outlineStyle !== "none";
    return [isOutlined ? outline : "", style.borderColor, style.boxShadow]; }));
window.plain = new Map([...document.querySelectorAll("body *")].map((one) => [one, look(one)]));"""
KINDS = {
    ".new", "#search", ".group summary", ".ask", ".past", ".icon-button", ".picture", ".chip",
    ".fields input", ".thread",
    ".thumb", ".tool", "#picker", "#question", "#send",
}  # fmt: skip


def test_everything_that_can_be_pressed_is_reached_by_tab_and_shows_it(
    page: Page, site: Site
) -> None:
    page.emulate_media(reduced_motion="reduce")  # a border that fades in is not there yet
    open_page(page, site)
    answered(page)
    attach(page, SCREENS / "order.png")
    page.fill("#question", "草稿")
    page.locator(".skip").focus()
    page.evaluate(LOOK)
    reached: set[str] = set()
    while page.evaluate("document.activeElement !== document.querySelector('#send')"):
        page.keyboard.press("Tab")
        name, was, kinds = page.evaluate(
            """(kinds) => { const one = document.activeElement;
            const matching = kinds.filter((kind) => one.matches(kind));
            return [one.outerHTML.slice(0, 120), plain.get(one), matching]; }""",
            list(KINDS),
        )
        assert was not in (None, page.evaluate("look(document.activeElement)")), name
        reached |= set(kinds)
    assert reached == KINDS


def test_who_prefers_less_motion_gets_none(page: Page, site: Site) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_page(page, site)
    waiting(page)
    assert (
        page.locator(".dots i").first.evaluate("(dot) => getComputedStyle(dot).animationName")
        == "none"
    )


def test_forced_colours_keep_every_button_visible(page: Page, site: Site) -> None:
    page.emulate_media(forced_colors="active")
    open_page(page, site)
    ask(page, "多少钱包邮")
    for selector in (".new", "#send", ".chip"):
        border = page.locator(selector).first.evaluate(
            "(one) => getComputedStyle(one).borderTopStyle"
        )
        assert border == "solid", selector


def test_the_page_grows_to_twice_the_size_without_scrolling_sideways(
    page: Page, site: Site
) -> None:
    page.set_viewport_size({"width": 640, "height": 512})  # 1280 × 1024 at 200 %
    open_page(page, site)
    ask(page, "多少钱包邮")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    expect(page.locator("#question")).to_be_visible(timeout=READING)
