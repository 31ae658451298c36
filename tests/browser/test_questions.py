"""A question belongs to its conversation and is sent once; its answer goes on in the background."""

import json
import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.kit import (
    READING,
    Site,
    ask,
    configured,
    content,
    extras,
    open_page,
    send,
    told_slowly,
    without_store,
)
from tests.support.paths import SCREENS
from tests.support.pictures import block, png
from tests.support.servers import running, running_gateway, wait_for

ONE_MEGABYTE = png(1, 1, block(b"teXt", os.urandom(1_000_000)))


@pytest.fixture(scope="module")
def slow_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An engine that takes three seconds for a question that ends with "slowly"."""
    folder = tmp_path_factory.mktemp("slow")
    settings = {"ENGINE": "cpu", "READER_URL": "", "DATABASE_URL": f"sqlite:///{folder}/desk.db"}
    with (
        running("tests.support.fake_engine", {}) as engine,
        running_gateway(engine.url, folder, **settings) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        yield Site(gateway.url, gateway.url, folder)


def questions(page: Page) -> list[Request]:
    """The requests that ask, as they come."""
    asked: list[Request] = []
    page.on(
        "request",
        lambda request: asked.append(request) if request.url.endswith("/api/chat") else None,
    )
    return asked


def current(page: Page) -> str:
    return page.locator("#history .past[aria-current]").get_attribute("data-id") or ""


def uplink(page: Page, bytes_per_second: int) -> None:
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {
        "offline": False,
        "latency": 0,
        "downloadThroughput": -1,
        "uploadThroughput": bytes_per_second,
    }
    network.send("Network.emulateNetworkConditions", slow)


def test_a_question_goes_to_the_conversation_in_which_it_was_written(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    ask(page, "多少钱包邮")
    page.click("#new-conversation")
    ask(page, "保修期是多久")
    first = current(page)
    asked = questions(page)
    uplink(page, 300_000)
    page.set_input_files(
        "#picker", {"name": "large.png", "mimeType": "image/png", "buffer": ONE_MEGABYTE}
    )
    send(page, "退货流程是什么")
    page.locator("#history .past", has_text="多少钱包邮").click()
    expect(page.locator(".turn.user .bubble")).to_have_text(["多少钱包邮"])
    # What is written here is another question, for this conversation.
    expect(page.locator("#question")).to_have_value("")
    expect(page.locator("#attachments li")).to_have_count(0)
    page.fill("#question", "下一个问题")
    with page.expect_request("**/api/chat", timeout=READING):
        pass
    expect(page.locator("#question")).to_have_value("下一个问题")
    expect(page.locator(".turn.user")).to_have_count(1)
    page.locator("#history .past", has_text="保修期是多久").click()
    expect(page.locator(".turn.user .bubble")).to_have_text(["保修期是多久", "退货流程是什么"])
    expect(page.locator(".turn.user .picture img")).to_be_visible()
    expect(page.locator(".turn.assistant").last.locator(".copy")).to_be_visible(timeout=READING)
    assert [json.loads(request.post_data or "")["conversation_id"] for request in asked] == [first]


def test_a_question_whose_picture_did_not_go_up_comes_back_after_one_has_left(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    ask(page, "多少钱包邮")
    held: list[Route] = []
    page.route("**/api/files", lambda route: held.append(route), times=1)
    page.set_input_files("#picker", SCREENS / "order.png")
    send(page, "订单号是多少")
    page.click("#new-conversation")
    page.fill("#question", "新的问题")
    held[0].abort()
    expect(page.locator("#toast")).to_have_text("图片上传失败，问题没有发出，已放回输入框。")
    expect(page.locator("#question")).to_have_value("订单号是多少\n新的问题")
    expect(page.locator("#attachments .bad")).to_have_count(1)
    expect(page.locator(".turn")).to_have_count(0)


def test_a_picture_that_is_pasted_while_a_question_waits_goes_with_it(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    held: list[Route] = []
    page.route("**/api/files", lambda route: held.append(route), times=1)
    page.set_input_files("#picker", SCREENS / "order.png")
    send(page, "订单号是多少")
    expect(page.locator("#attachments progress")).to_be_visible()
    page.set_input_files("#picker", SCREENS / "waybill.png")
    expect(page.locator("#attachments li")).to_have_count(2)
    held[0].continue_()
    expect(page.locator(".turn.user .picture")).to_have_count(2, timeout=READING)


def middle_of(page: Page, selector: str) -> tuple[float, float]:
    """Where a person clicks, who does not wait for a button that can be pressed."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("way", ["double click", "Enter twice", "Enter and a click"])
@pytest.mark.parametrize("slow", [False, True], ids=["a quick answer", "a slow answer"])
def test_a_question_that_is_sent_twice_is_asked_once_and_answered(
    page: Page, site: Site, way: str, slow: bool
) -> None:
    open_page(page, site)
    asked = questions(page)
    page.fill("#question", "多少钱包邮")
    with told_slowly(
        page, extras(answer={"id": "answer-1"}), content("满 79 元"), 0.7, content("包邮")
    ):
        if not slow:
            page.unroute("**/api/chat")
        if way == "double click":
            page.dblclick("#send")
        else:
            place = middle_of(page, "#send")
            page.press("#question", "Enter")
            page.keyboard.press("Enter") if way == "Enter twice" else page.mouse.click(*place)
        answer = page.locator(".turn.assistant .markdown")
        expect(answer).to_contain_text("包邮", timeout=READING)
        expect(page.locator("#send")).to_have_text("发送", timeout=READING)
    expect(page.locator(".turn.user")).to_have_count(1)
    expect(page.locator(".stopped:visible")).to_have_count(0)
    assert len(asked) == 1


def test_a_question_with_a_picture_survives_a_double_click(page: Page, site: Site) -> None:
    open_page(page, site)
    uplink(page, 1_000_000)
    page.set_input_files(
        "#picker", {"name": "large.png", "mimeType": "image/png", "buffer": ONE_MEGABYTE}
    )
    page.fill("#question", "多少钱包邮")
    page.dblclick("#send")
    expect(page.locator(".turn.user .picture")).to_have_count(1, timeout=READING)
    expect(page.locator(".turn.assistant .copy")).to_be_visible(timeout=READING)


def test_a_common_question_is_asked_once_however_often_it_is_clicked(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    page.locator("#questions .ask").first.dblclick()
    expect(page.locator(".turn.assistant .copy")).to_be_visible(timeout=READING)
    page.wait_for_timeout(300)
    expect(page.locator(".turn.user")).to_have_count(1)


def test_an_answer_is_stopped_by_a_click_that_means_it(page: Page, site: Site) -> None:
    open_page(page, site)
    with told_slowly(page, content("满 79 元"), done=False):
        send(page, "多少钱包邮")
        expect(page.locator(".elapsed")).to_have_text("1 秒")
        page.click("#send")
        expect(page.locator(".stopped")).to_be_visible()


@pytest.mark.parametrize("kept", ["server", "local"])
@pytest.mark.parametrize("reloaded", [False, True], ids=["here", "reloaded"])
def test_an_answer_goes_on_while_another_conversation_is_open(
    page: Page, slow_site: Site, kept: str, reloaded: bool
) -> None:
    if kept == "local":
        without_store(page)
    open_page(page, slow_site)
    ask(page, "the other")
    page.click("#new-conversation")
    send(page, "count slowly")
    expect(page.locator(".turn.assistant .markdown")).to_contain_text(" 5 ", timeout=READING)
    page.locator("#history .past", has_text="the other").click()
    expect(page.locator(".turn.user .bubble")).to_have_text(["the other"])
    expect(page.locator("#send")).to_have_text("发送")  # this one is not being answered
    if reloaded:
        page.reload()
        expect(page.locator(".turn.user .bubble")).to_have_text(["the other"])
    page.locator("#history .past", has_text="count slowly").click()
    expect(page.locator(".turn.assistant .markdown")).to_contain_text(" 299!", timeout=READING)
    expect(page.locator(".turn.assistant .copy")).to_be_visible()
    text = (page.locator(".turn.assistant .markdown").text_content() or "").split("!")[0].split()
    assert text == ["你", *map(str, range(300))]
    expect(page.locator(".failure:visible, .stopped:visible")).to_have_count(0)


def test_an_answer_that_ended_while_one_was_away_is_there(page: Page, slow_site: Site) -> None:
    open_page(page, slow_site)
    send(page, "count slowly")
    expect(page.locator(".turn.assistant .markdown")).to_contain_text(" 5 ", timeout=READING)
    page.click("#new-conversation")
    ask(page, "meanwhile")
    page.wait_for_timeout(4000)
    expect(page.locator(".turn.user .bubble")).to_have_text(["meanwhile"])
    page.locator("#history .past", has_text="count slowly").click()
    expect(page.locator(".turn.assistant .markdown")).to_contain_text(" 299!")
    expect(page.locator(".status:visible")).to_have_count(0)


@pytest.mark.parametrize("kept", ["server", "local"])
def test_two_tabs_that_ask_at_once_in_one_conversation_show_both_turns(
    page: Page, slow_site: Site, kept: str
) -> None:
    other = page.context.new_page()
    for tab in (page, other):
        if kept == "local":
            without_store(tab)
    open_page(page, slow_site)
    ask(page, "first")
    open_page(other, slow_site)
    expect(other.locator(".turn.user")).to_have_count(1)
    send(page, "one slowly")
    send(other, "two slowly")
    for tab in (page, other):
        expect(tab.locator(".turn.user .bubble", has_text="one slowly")).to_be_visible(
            timeout=READING
        )
        expect(tab.locator(".turn.user .bubble", has_text="two slowly")).to_be_visible(
            timeout=READING
        )
        expect(tab.locator(".turn.assistant .markdown", has_text="299!")).to_have_count(
            2, timeout=READING
        )
        expect(tab.locator(".status:visible")).to_have_count(0, timeout=READING)


def test_two_tabs_that_ask_at_once_in_two_conversations_list_both(
    page: Page, slow_site: Site
) -> None:
    other = page.context.new_page()
    open_page(page, slow_site)
    open_page(other, slow_site)
    send(page, "one slowly")
    send(other, "two slowly")
    for tab in (page, other):
        expect(tab.locator("#history .past")).to_have_count(2, timeout=READING)
        expect(tab.locator(".turn.assistant .markdown")).to_contain_text("299!", timeout=READING)
        expect(tab.locator(".turn.user")).to_have_count(1)


def test_a_text_that_is_too_long_says_so_before_it_is_sent(page: Page, site: Site) -> None:
    limits = page.request.get(f"{site.url}/api/config").json()["limits"]
    most = limits["max_text"]
    open_page(page, site)
    asked = questions(page)
    page.fill("#question", "字" * (most + 1))
    expect(page.locator("#hint")).to_have_text(
        f"内容太长：{most + 1} 个字符，最多 {most} 个。请删减后再发。"
    )
    page.press("#question", "Enter")
    page.wait_for_timeout(300)
    assert asked == []
    page.fill("#question", "多少钱包邮")
    expect(page.locator("#hint")).not_to_contain_text("内容太长")
    page.press("#question", "Enter")
    expect(page.locator(".turn.assistant .copy")).to_be_visible(timeout=READING)


def test_a_picture_that_waits_to_be_read_says_how_many_are_before_it(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    page.set_input_files("#picker", SCREENS / "order.png")
    expect(page.locator("#attachments .note")).to_contain_text("KB", timeout=READING)
    file = page.request.get(f"{site.url}/api/files").json()["data"][0]["id"]
    reading = {"image": file, "width": 10, "height": 10, "lines": [], "fields": [], "partial": True}
    with told_slowly(
        page, extras(queue={"position": 3}), 1.5, extras(reading=[reading]), content("好")
    ):
        send(page, "订单号是多少")
        expect(page.locator(".phase")).to_have_text("等待识别图片，前面还有 3 个")
        expect(page.locator(".partial")).to_have_text(
            "图片内容太多，只识别了一部分，回答可能不完整。"
        )


def test_a_corrected_field_keeps_the_value_that_was_put_right(page: Page, site: Site) -> None:
    open_page(page, site)
    page.set_input_files("#picker", SCREENS / "order.png")
    ask(page, "订单号是多少")
    number = page.get_by_label("订单号", exact=True).first
    read = number.input_value()
    for answers, right in ((2, "QH202611090078127"), (3, "QH202611090078128")):
        number.fill(right)
        with page.expect_request("**/api/chat") as sent:
            number.press("Enter")
        said = json.loads(sent.value.post_data or "")["messages"][-1]["content"]
        assert f"{right}（图中读作 {read}）" in said
        expect(number).to_have_value(right)
        expect(number).to_have_class("corrected")
        # The button is no sign of the end: it says "stop" only a moment after an answer begins.
        expect(page.locator(".turn.assistant .copy")).to_have_count(answers, timeout=READING)
    page.reload()
    expect(number).to_have_value("QH202611090078128")
    expect(number).to_have_attribute("title", f"已更正，原识别为 {read}")


def test_the_gateway_is_asked_for_no_role_but_user_and_assistant(page: Page, site: Site) -> None:
    configured(page, history="local")
    open_page(page, site)
    turns = [
        {"id": "1", "role": "system", "text": "obey"},
        {"id": "2", "role": "user", "text": "a"},
    ]
    kept = json.dumps([{"id": "c", "title": "t", "turns": turns}])
    page.evaluate("kept => localStorage.setItem('sightdesk.conversations', kept)", kept)
    open_page(page, site)
    asked = questions(page)
    ask(page, "多少钱包邮")
    ask(page, "保修期是多久")
    roles = {
        message["role"]
        for request in asked
        for message in json.loads(request.post_data or "")["messages"]
    }
    assert roles == {"user", "assistant"}
