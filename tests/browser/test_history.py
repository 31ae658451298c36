"""Conversations of earlier: the server's, else the browser's, else nowhere and said."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kit import (
    READING,
    Site,
    answer,
    ask,
    attach,
    content,
    error,
    open_page,
    send,
    without_store,
)
from tests.support.paths import SCREENS
from tests.support.servers import Running, running_gateway, wait_for


def titles(page: Page) -> list[str]:
    return page.locator("#history .past").all_inner_texts()


@pytest.mark.parametrize("kept", ["server", "local"])
def test_the_last_turns_are_back_after_a_reload(page: Page, site: Site, kept: str) -> None:
    if kept == "local":
        without_store(page)
    open_page(page, site)
    for number in range(5):
        ask(page, f"多少钱包邮 {number}")
    page.reload()
    expect(page.locator(".turn.user")).to_have_count(5)
    expect(page.locator(".turn.assistant .markdown")).to_have_count(5)
    expect(page.locator(".turn.user .bubble").last).to_have_text("多少钱包邮 4")
    expect(page.locator(".turn.assistant .chip").first).to_be_visible()


def test_a_reload_ends_at_the_newest_message_though_cards_come_after_the_text(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    ask(page, "订单号是多少")
    ask(page, "保修期是多久")
    page.reload()
    expect(page.locator(".fields input").first).to_be_attached()
    left = "one => Math.round(one.scrollHeight - one.scrollTop - one.clientHeight)"
    page.wait_for_timeout(300)  # what is laid out late has come
    assert page.locator("#thread").evaluate(left) <= 2
    expect(page.locator("#to-bottom")).to_be_hidden()


@pytest.mark.parametrize("kept", ["server", "local"])
def test_conversations_are_listed_searched_renamed_opened_and_deleted(
    page: Page, site: Site, kept: str
) -> None:
    if kept == "local":
        without_store(page)
    open_page(page, site)
    expect(page.locator("#history")).to_contain_text("还没有对话")
    ask(page, "多少钱包邮")
    page.click("#new-conversation")
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, "保修期是多久")
    expect(page.locator("#history .past")).to_have_text(["保修期是多久", "多少钱包邮"])

    page.fill("#search", "包邮")
    expect(page.locator("#history .past")).to_have_text(["多少钱包邮"])
    page.locator("#history .past").click()
    expect(page.locator(".turn.user .bubble")).to_have_text("多少钱包邮")
    page.fill("#search", "")

    page.get_by_role("button", name="重命名: 多少钱包邮").click()
    page.get_by_label("标题").fill("运费")
    page.keyboard.press("Enter")
    expect(page.locator("#history .past").filter(has_text="运费")).to_be_visible()

    page.get_by_role("button", name="删除: 运费").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(page.locator("#history .past")).to_have_text(["保修期是多久"])
    expect(page.locator(".turn")).to_have_count(0)
    page.reload()
    expect(page.locator("#history .past")).to_have_text(["保修期是多久"])


def test_a_deleted_conversation_takes_its_pictures_along(page: Page, site: Site) -> None:
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    ask(page, "订单号是多少")
    page.locator("#history li").hover()
    page.locator("#history .delete").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(page.locator("#history .past")).to_have_count(0)
    assert page.request.get(f"{site.url}/api/files").json()["data"] == []


def test_a_picture_and_what_was_read_in_it_are_back_after_a_reload(page: Page, site: Site) -> None:
    open_page(page, site)
    attach(page, SCREENS / "browser-error.png")
    ask(page, "这是什么错误")
    page.reload()
    expect(page.get_by_label("错误代码", exact=True)).to_have_value("ERR_CONNECTION_TIMED_OUT")
    picture = page.locator(".picture img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_a_phone_number_comes_back_masked(page: Page, site: Site) -> None:
    open_page(page, site)
    ask(page, "我的电话是 13812345678，多少钱包邮")
    page.reload()
    expect(page.locator(".turn.user .bubble")).to_contain_text("138****5678")


def test_a_browser_that_keeps_nothing_is_told_apart_from_one_that_does(
    page: Page, site: Site
) -> None:
    without_store(page)
    page.add_init_script(
        """Object.defineProperty(window, "localStorage", {
            get() { throw new DOMException("no", "SecurityError"); } });"""
    )
    open_page(page, site)
    expect(page.locator("#history .wrong")).to_contain_text("刷新页面后对话会丢失")
    ask(page, "多少钱包邮")


def test_a_server_whose_history_cannot_be_read_says_why_and_still_answers(
    page: Page, site: Site
) -> None:
    page.route("**/api/conversations**", lambda route: route.abort())
    open_page(page, site)
    expect(page.locator("#history .wrong")).to_contain_text("无法连接服务器")
    ask(page, "多少钱包邮")


def test_while_the_database_does_not_answer_the_browser_keeps_the_conversation_masked(
    page: Page, lite: Running, tmp_path: Path
) -> None:
    with running_gateway(lite.url, tmp_path) as gateway:
        wait_for(gateway.url + "/readyz")
        with closing(sqlite3.connect(tmp_path / "sightdesk.db")) as rows, rows:
            rows.execute("ALTER TABLE conversations RENAME TO elsewhere")
        open_page(page, Site(gateway.url, gateway.url, tmp_path))
        expect(page.locator("#history")).to_contain_text("还没有对话")
        ask(page, "我的电话是 13812345678，多少钱包邮")
        expect(page.locator("#history")).to_contain_text("只保存在这个浏览器里")
        page.reload()
        expect(page.locator(".turn.user .bubble")).to_have_text(
            "我的电话是 138****5678，多少钱包邮"
        )
        expect(page.locator(".turn.assistant .chip").first).to_be_visible()
        assert "13812345678" not in page.evaluate("JSON.stringify([{ ...localStorage }])")


@pytest.mark.parametrize("kept", ["server", "local"])
def test_two_tabs_show_what_the_other_was_answered(page: Page, site: Site, kept: str) -> None:
    other = page.context.new_page()
    for tab in (page, other):
        if kept == "local":
            without_store(tab)
    open_page(page, site)
    ask(page, "多少钱包邮")
    open_page(other, site)
    expect(other.locator(".turn.user")).to_have_count(1)
    ask(other, "保修期是多久")
    expect(page.locator(".turn.user .bubble")).to_have_text(["多少钱包邮", "保修期是多久"])
    expect(page.locator(".turn.assistant .chip").last).to_be_visible()


@pytest.mark.parametrize("kept", ["server", "local"])
def test_a_tab_shows_what_another_renamed_and_leaves_what_it_deleted(
    page: Page, site: Site, kept: str
) -> None:
    other = page.context.new_page()
    for tab in (page, other):
        if kept == "local":
            without_store(tab)
    open_page(page, site)
    ask(page, "多少钱包邮")
    open_page(other, site)
    expect(other.locator(".turn.user")).to_have_count(1)
    page.locator("#history li").hover()
    page.get_by_role("button", name="重命名: 多少钱包邮").click()
    page.get_by_label("标题").fill("运费")
    page.keyboard.press("Enter")
    expect(other.locator("#history .past")).to_have_text(["运费"])
    page.get_by_role("button", name="删除: 运费").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(other.locator("#history .past")).to_have_count(0)
    expect(other.locator(".turn")).to_have_count(0)


def test_two_tabs_that_ask_at_once_lose_nothing(page: Page, site: Site) -> None:
    without_store(page)
    open_page(page, site)
    ask(page, "多少钱包邮")
    other = page.context.new_page()
    without_store(other)
    open_page(other, site)
    expect(other.locator(".turn.user")).to_have_count(1)
    send(page, "一")
    send(other, "二")
    for tab in (page, other):
        expect(tab.locator("#send")).to_have_text("发送", timeout=READING)
    page.reload()
    expect(page.locator(".turn.user .bubble")).to_have_text(["多少钱包邮", "一", "二"])


@pytest.mark.parametrize("kept", ["server", "local"])
@pytest.mark.parametrize("before", [0, 1], ids=["the first question", "a later one"])
def test_a_question_that_was_refused_and_its_retry_are_still_there_after_a_reload(
    page: Page, site: Site, kept: str, before: int
) -> None:
    if kept == "local":
        without_store(page)
    open_page(page, site)
    for _ in range(before):
        ask(page, "保修期是多久")
    attach(page, SCREENS / "order.png")
    answer(page, error("rate_limit_exceeded"), status=429, headers={"retry-after": "1"})
    send(page, "多少钱包邮")
    expect(page.locator(".failure:visible p")).to_contain_text("提问太频繁")
    page.reload()
    expect(page.locator(".failure:visible p")).to_contain_text("提问太频繁")
    expect(page.locator(".turn.user")).to_have_count(before + 1)
    expect(page.locator(".turn.user").last.locator(".picture img")).to_be_visible()
    page.locator(".failure:visible .retry").click()
    expect(page.locator(".turn.assistant").last.locator(".chip").first).to_be_visible(
        timeout=READING
    )
    expect(page.locator(".turn.assistant").last.locator(".copy")).to_be_visible()
    page.reload()
    expect(page.locator(".turn.user .bubble").last).to_have_text("多少钱包邮")
    expect(page.locator(".turn.user")).to_have_count(before + 1)
    expect(page.locator(".failure:visible")).to_have_count(0)


def test_what_another_tab_is_answered_does_not_wipe_a_question_that_was_refused_here(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    ask(page, "保修期是多久")
    page.route("**/api/chat", lambda route: route.abort(), times=1)
    send(page, "多少钱包邮")
    expect(page.locator(".failure:visible p")).to_contain_text("无法连接服务器")
    other = page.context.new_page()
    open_page(other, site)
    expect(other.locator(".turn.user .bubble").first).to_have_text("保修期是多久")
    ask(other, "退货流程是什么")
    expect(page.locator(".turn.user .bubble")).to_have_text(
        ["保修期是多久", "退货流程是什么", "多少钱包邮"]
    )
    page.locator(".failure:visible .retry").click()
    expect(page.locator(".turn.assistant")).to_have_count(3)
    expect(page.locator(".turn.assistant").last.locator(".copy")).to_be_visible(timeout=READING)


def test_nothing_secret_is_in_local_storage(page: Page, site: Site) -> None:
    without_store(page)
    open_page(page, site)
    answer(page, content("好"))
    ask(page, "多少钱包邮")
    kept = page.evaluate("JSON.stringify({ ...localStorage })")
    assert "多少钱包邮" in kept
    for secret in ("desk", "sk-", "Bearer", "Basic", "visitor"):
        assert secret not in kept.replace("sightdesk", "")
