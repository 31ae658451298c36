"""What a person sees and does first."""

import re
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.kit import READING, Site, ask, content, extras, open_page, send, told_slowly
from tests.support.paths import SCREENS

QUESTION = "这张图显示了什么错误?我该怎么解决?"


def test_a_screenshot_is_read_answered_and_cited(page: Page, site: Site) -> None:
    open_page(page, site)
    page.set_input_files("#picker", SCREENS / "browser-error.png")
    reply = ask(page, QUESTION)
    expect(reply.locator(".markdown")).to_contain_text("ERR_CONNECTION_TIMED_OUT")
    expect(reply.get_by_label("错误代码", exact=True)).to_have_value("ERR_CONNECTION_TIMED_OUT")
    reply.locator(".chip").first.click()
    expect(page.locator("#clause .text")).to_contain_text("代理")
    expect(page.locator("#clause mark").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#clause")).to_have_count(0)


def test_a_common_question_is_asked_by_a_click_and_leaves_the_draft_alone(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    page.fill("#question", "还没写完")
    page.get_by_role("button", name="退货流程是什么").click()
    expect(page.locator(".turn.assistant .chip").first).to_contain_text(
        "售后服务政策", timeout=READING
    )
    expect(page.locator("#question")).to_have_value("还没写完")


def test_common_questions_are_searched_and_their_groups_stay_shut(page: Page, site: Site) -> None:
    open_page(page, site)
    page.get_by_text("物流与配送", exact=True).click()
    expect(page.get_by_role("button", name="多少钱包邮")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="退货流程是什么")).to_be_visible()
    expect(page.get_by_role("button", name="多少钱包邮")).to_be_hidden()
    page.fill("#search", "包邮")
    expect(page.locator("#questions .ask:visible")).to_have_text(["多少钱包邮？"])


def test_while_one_waits_it_is_said_what_is_happening_and_for_how_long(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    page.evaluate("""() => { window.said = []; window.clock = new Set();
    new MutationObserver(() => {
        for (const selector of ["#hint", ".phase"]) {
            const words = document.querySelector(selector)?.textContent;
            const isNew = words && !words.startsWith("JPG") && said.at(-1) !== words;
            if (isNew && document.querySelector(selector).checkVisibility()) said.push(words);
        }
        for (const shown of document.querySelectorAll(".elapsed, #send"))
            clock.add(shown.textContent);
    }).observe(
        document.querySelector(".chat"),
        { subtree: true, childList: true, characterData: true },
    ); }""")
    held: list[Route] = []
    page.route("**/api/files", lambda route: held.append(route), times=1)
    page.set_input_files("#picker", SCREENS / "order.png")
    step = 0.4
    look_up = {"id": "call-1", "name": "track_parcel", "title": "查询物流"}
    with told_slowly(
        page,
        *(extras(conversation={"id": "c"}, answer={"id": "answer-1"}), step),
        *(extras(reading=[]), step),
        *(extras(citations=[]), step),
        *(extras(queue={"position": 2}), step),
        *(extras(queue={"position": 1}), step),
        *(extras(queue={"position": 0}), step),
        *(extras(tool={**look_up, "status": "running"}), step),
        *(extras(tool={**look_up, "status": "done", "result": {"text": "", "values": {}}}), step),
        *(content("到了"), step),
    ):
        send(page, "到哪了")
        expect(page.locator("#send")).to_have_text("停止 · 1 秒")
        held[0].continue_()
        expect(page.locator(".turn.assistant .copy")).to_be_visible(timeout=READING)
    assert page.evaluate("said") == [
        "图片上传完成后自动发送",
        "正在识别图片",
        "正在查找条款",
        "思考中",
        "排队中，第 2 位",
        "排队中，第 1 位",
        "思考中",
        "正在查询物流…",
        "思考中",
        "正在回答",
    ]
    assert {"停止 · 0 秒", "停止 · 1 秒", "0 秒", "1 秒", "2 秒"} <= set(
        page.evaluate("[...clock]")
    )


def test_alt_and_a_letter_go_by_the_place_of_the_key(page: Page, site: Site) -> None:
    """Shortcuts go by the key's place: a Mac types ˜ with Alt+N, French keyboards differ."""
    open_page(page, site)
    ask(page, "多少钱包邮")
    page.dispatch_event(
        "body", "keydown", {"key": "˜", "code": "KeyN", "altKey": True, "bubbles": True}
    )
    expect(page.locator(".turn")).to_have_count(0)
    with page.expect_file_chooser():
        page.locator("#question").press("Alt+KeyU")


def test_an_answer_can_be_stopped_at_any_time(page: Page, site: Site) -> None:
    open_page(page, site)
    page.route("**/api/chat", lambda route: None, times=1)  # never answered
    send(page, "多少钱包邮")
    page.get_by_role("button", name="停止", exact=True).click()
    expect(page.locator(".turn.assistant .stopped")).to_have_text("已停止。")
    ask(page, "多少钱包邮")


@pytest.mark.parametrize(
    ("composing", "key_code"),
    [(True, 13), (False, 229)],
    ids=["as browsers tell it", "as Safari tells it"],
)
def test_enter_inside_an_input_method_neither_sends_nor_breaks_the_line(
    page: Page, site: Site, composing: bool, key_code: int
) -> None:
    open_page(page, site)
    page.fill("#question", "tuihuo")
    page.dispatch_event(
        "#question", "keydown", {"key": "Enter", "isComposing": composing, "keyCode": key_code}
    )
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#question")).to_have_value("tuihuo")


def test_shift_and_enter_break_the_line(page: Page, site: Site) -> None:
    open_page(page, site)
    page.fill("#question", "一")
    page.press("#question", "Shift+Enter")
    page.keyboard.type("二")
    expect(page.locator("#question")).to_have_value("一\n二")


def test_english_is_a_click_away_without_a_reload(page: Page, site: Site) -> None:
    open_page(page, site)
    ask(page, "多少钱包邮")
    page.evaluate("window.same = true")
    page.fill("#question", "draft")
    page.click("#locale")
    expect(page.locator("#new-conversation")).to_have_text("New conversation")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".turn.assistant .copy")).to_have_attribute("aria-label", "Copy")
    expect(page.locator("#question")).to_have_value("draft")
    assert page.evaluate("window.same")
    page.get_by_role("button", name="How do I return an item?").click()
    expect(page.locator(".turn.assistant .chip").last).to_contain_text("Clause", timeout=READING)
    page.reload()
    expect(page.locator("#new-conversation")).to_have_text("New conversation")


def test_the_theme_follows_the_system_until_one_chooses(page: Page, site: Site) -> None:
    page.emulate_media(color_scheme="dark")
    open_page(page, site)
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.click("#theme")
    assert page.evaluate(ground) != dark
    page.reload()
    assert page.evaluate(ground) != dark


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("chosen", [False, True], ids=["by the system", "chosen"])
def test_who_prefers_contrast_gets_it_in_both_themes(
    page: Page, site: Site, theme: Any, chosen: bool
) -> None:
    page.emulate_media(color_scheme=theme, contrast="more")
    if chosen:
        page.add_init_script(f"localStorage.setItem('sightdesk.theme', '{theme}')")
        page.emulate_media(color_scheme="light" if theme == "dark" else "dark", contrast="more")
    open_page(page, site)
    colour = "(one, name) => getComputedStyle(one)[name]"
    text = page.locator("body").evaluate(colour, "color")
    assert page.locator(".engine").evaluate(colour, "color") == text
    assert page.locator(".sidebar").evaluate(colour, "borderRightColor") == text
    page.locator("#thread").focus()  # the field that is written in has the accent's border
    expect(page.locator(".entry")).to_have_css("border-top-color", text)


def test_a_sample_screenshot_is_asked_about_with_one_tap(page: Page, site: Site) -> None:
    open_page(page, site)
    page.locator(".starter.sample", has_text="包裹").click()
    expect(page.locator(".turn.user .bubble")).to_have_text("我的包裹到哪了？")
    expect(page.get_by_role("button", name="查看大图: 示例截图")).to_be_visible()
    expect(page.locator("#question")).to_be_focused()  # the starter is gone
    answer = page.locator(".turn.assistant")
    expect(answer.locator(".fields dd, .bubble")).to_contain_text(
        ["SF1402857369214"], timeout=READING
    )


def test_a_phone_gets_one_column_and_a_drawer(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, site)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    listed = page.locator("#questions").get_by_role("button", name="退货流程是什么")
    expect(listed).to_be_hidden()
    page.click("#menu")
    listed.click()
    expect(page.locator("#sidebar")).not_to_have_class(re.compile("open"))
    expect(page.locator(".turn.assistant .chip").first).to_be_visible(timeout=READING)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_on_a_phone_everything_to_send_with_is_in_sight(
    page: Page, site: Site, locale: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.add_init_script(f"localStorage.setItem('sightdesk.locale', '{locale}')")
    open_page(page, site)
    for part in page.locator(".tools > :not(.spring)").all():
        box = part.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


@pytest.mark.parametrize("width", [1366, 1920])
def test_a_desk_gets_two_columns(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    open_page(page, site)
    side, chat = page.locator("#sidebar").bounding_box(), page.locator(".chat").bounding_box()
    assert side
    assert chat
    assert side["x"] + side["width"] <= chat["x"]
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_page_can_be_installed(page: Page, site: Site) -> None:
    open_page(page, site)
    link = page.locator("link[rel=manifest]").get_attribute("href")
    manifest = page.request.get(f"{site.url}{link}").json()
    assert (manifest["display"], manifest["start_url"]) == ("standalone", "/chat.html")
    for icon in manifest["icons"]:
        address = urljoin(f"{site.url}{link}", icon["src"])
        assert page.request.get(address).headers["content-type"] == icon["type"]
