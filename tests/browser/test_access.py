"""For everyone: axe-core on the main states in both themes, the keyboard alone, and what people prefer."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kit import READING, Site, answer, ask, attach, content, error, extras, open_page, send
from tests.conftest import SCREENS

MARKDOWN = "# 一\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> 引用\n\n`code` [link](https://example.com)\n\n```\nx = 1\n```"


def welcome(page: Page) -> None:
    expect(page.locator(".welcome")).to_be_visible()


def answered(page: Page) -> None:
    attach(page, SCREENS / "browser-error.png")
    ask(page, "这是什么错误")
    answer(page, extras(citations=[{"id": "a", "title": "T", "clause": "1", "text": "x"}]), content(MARKDOWN))
    ask(page, "表格")


def attached(page: Page) -> None:
    broken = {"name": "half.png", "mimeType": "image/png", "buffer": (SCREENS / "waybill.png").read_bytes()[:8000]}
    good = {"name": "order.png", "mimeType": "image/png", "buffer": (SCREENS / "order.png").read_bytes()}
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
    page.get_by_role("button", name="加一个框").click()


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


STATES = [
    welcome,
    answered,
    attached,
    failed,
    waiting,
    stood_in,
    editing,
    lit,
    clause,
    reason,
    rewriting,
    help_sheet,
    drawer,
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_in_either_theme(page: Page, site: Site, axe: str, state: Callable[[Page], None]) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_page(page, site)
    state(page)
    page.evaluate(axe)
    for theme in ("light", "dark"):
        page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
        found = page.evaluate(
            "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html + ' ' + node.failureSummary)]))"
        )
        assert found == [], theme


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


def test_everything_that_can_be_pressed_is_reached_by_tab_and_shows_it(page: Page, site: Site) -> None:
    open_page(page, site)
    ask(page, "多少钱包邮")
    page.locator(".skip").focus()
    seen: set[str] = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        name, outlined = page.evaluate(
            """() => { const one = document.activeElement, style = getComputedStyle(one), around = getComputedStyle(one.closest(".entry, .tool, .search") ?? one);
            return [one.id || one.className, style.outlineStyle !== "none" || around.borderColor !== "" || around.outlineStyle !== "none"]; }"""
        )
        seen.add(name)
        assert outlined, name
        if name == "send" or name == "hold":
            break
    assert {"new-conversation", "search", "ask", "past", "locale", "theme", "thread", "question", "picker"} <= seen
    assert any("copy" in name for name in seen)
    assert any("chip" in name for name in seen)


def test_who_prefers_less_motion_gets_none(page: Page, site: Site) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_page(page, site)
    waiting(page)
    assert page.locator(".dots i").first.evaluate("(dot) => getComputedStyle(dot).animationName") == "none"


def test_forced_colours_keep_every_button_visible(page: Page, site: Site) -> None:
    page.emulate_media(forced_colors="active")
    open_page(page, site)
    ask(page, "多少钱包邮")
    for selector in (".new", "#send", ".chip"):
        border = page.locator(selector).first.evaluate("(one) => getComputedStyle(one).borderTopStyle")
        assert border == "solid", selector


def test_the_page_grows_to_twice_the_size_without_scrolling_sideways(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 640, "height": 512})  # 1280 × 1024 at 200 %
    open_page(page, site)
    ask(page, "多少钱包邮")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    expect(page.locator("#question")).to_be_visible(timeout=READING)
