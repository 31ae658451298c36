"""Plain HTTP from the LAN: no secure context, so no clipboard API and no randomUUID."""

from dataclasses import replace

from playwright.sync_api import Page, expect

from tests.browser.kit import Site, ask, attach, open_page, send
from tests.support.paths import SCREENS


def test_the_page_works_over_plain_http_on_an_address_that_is_no_loopback(
    page: Page, site: Site
) -> None:
    open_page(page, replace(site, url=site.lan_url))
    assert page.evaluate("isSecureContext") is False
    assert page.evaluate("[typeof crypto.randomUUID, typeof navigator.clipboard]") == [
        "undefined",
        "undefined",
    ]
    attach(page, SCREENS / "browser-error.png")
    reply = ask(page, "这是什么错误")
    expect(reply.get_by_label("错误代码", exact=True)).to_have_value("ERR_CONNECTION_TIMED_OUT")
    reply.locator(".copy").click()
    expect(reply.locator(".copy")).to_have_attribute("aria-label", "已复制")
    # Pasted by the keyboard, since the page may not read the clipboard.
    page.locator("#question").focus()
    page.keyboard.press("Control+v")
    assert "ERR_CONNECTION_TIMED_OUT" in page.input_value("#question")
    page.fill("#question", "")
    page.reload()
    expect(page.locator(".turn.user")).to_have_count(1)
    page.route("**/api/chat", lambda route: None, times=1)
    send(page, "多少钱包邮")
    page.get_by_role("button", name="停止", exact=True).click()
    expect(page.locator(".stopped").last).to_be_visible()
