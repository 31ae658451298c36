"""What goes wrong, in the user's words, and how it is made good."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.kit import (
    READING,
    Site,
    answer,
    ask,
    configured,
    content,
    error,
    events,
    extras,
    open_page,
    send,
    told_slowly,
    without_store,
)
from tests.support.servers import free_port, running, running_gateway, wait_for


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "invalid_api_key", "重新登录"),
        (413, "image_too_large", "20.0 MB"),
        (413, "body_too_large", "请减少图片"),
        (503, "upstream_unavailable", "暂时不可用"),
        (504, "upstream_timeout", "超时"),
        (500, "something_new", "出错了，请稍后重试。"),
    ],
)
def test_a_failure_says_what_it_is_and_a_retry_works(
    page: Page, site: Site, status: int, code: str, words: str
) -> None:
    open_page(page, site)
    answer(page, error(code), status=status)
    send(page, "多少钱包邮")
    expect(page.locator(".failure p")).to_contain_text(words)
    page.locator(".retry").click()
    expect(page.locator(".turn.assistant .chip").first).to_be_visible(timeout=READING)
    expect(page.locator(".turn.user")).to_have_count(1)
    expect(page.locator(".failure:visible")).to_have_count(0)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (
            error("too_many_images", "x", limit=8, size=12),
            "图片太多：一次最多 8 张，您添加了 12 张。",
        ),
        (
            error("context_length_exceeded", "x", limit=262_144, size=300_000),
            "内容太长：300000 个字符，最多 262144 个",
        ),
        (
            error("context_length_exceeded", "x", tokens_over=900),
            "内容太长，约超出 900 个 token。请缩短后再问。",
        ),
        (
            error("body_too_large", "x", limit=64 * 1024**2, size=80 * 1024**2),
            "内容太大：共 80.0 MB，最多 64.0 MB。",
        ),
        (error("something_new", "English words", limit=3), "出错了，请稍后重试。（编号 req-7）"),
        (error("invalid_request", "English words"), "请求有误，请刷新页面后重试。（编号 req-7）"),
    ],
    ids=lambda value: value["error"]["code"] if isinstance(value, dict) else "",
)
def test_a_failure_is_told_by_its_code_and_details(
    page: Page, site: Site, refusal: dict[str, dict[str, str]], words: str
) -> None:
    open_page(page, site)
    answer(page, refusal, status=400, headers={"x-request-id": "req-7"})
    send(page, "多少钱包邮")
    expect(page.locator(".failure p")).to_contain_text(words)
    expect(page.locator(".failure p")).not_to_contain_text("English words")
    page.reload()  # a question that was refused is this tab's to remember, with its reason
    expect(page.locator(".failure p")).to_contain_text(words)


def test_a_password_that_no_longer_holds_is_told_and_the_question_goes_out_again(
    page: Page, bounded_site: Site
) -> None:
    open_page(page, bounded_site)
    passwords = bounded_site.folder / "etc/generated/htpasswd"
    known = passwords.read_text()
    passwords.write_text("agent:changed\n")
    try:
        send(page, "多少钱包邮")
        expect(page.locator(".failure p")).to_have_text("未登录或登录已失效，请刷新页面重新登录。")
    finally:
        passwords.write_text(known)
    page.locator(".retry").click()
    expect(page.locator(".turn.assistant .chip").first).to_be_visible(timeout=READING)


def test_what_nginx_finds_too_large_is_told_and_less_of_it_goes_out(
    page: Page, bounded_site: Site
) -> None:
    open_page(page, bounded_site)
    large = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7" + b"x" * 120_000}
    page.set_input_files("#picker", large)  # type: ignore[arg-type]  # it wants a typed dict
    expect(page.locator("#attachments .bad .note")).to_have_text(
        "内容太大：共 117 KB，最多 98 KB。请减少图片。"
    )
    page.locator("#attachments .remove").click()
    send(page, "多少钱包邮" * 10_000)
    expect(page.locator(".failure p")).to_contain_text("最多 98 KB。请减少图片。")
    page.click("#new-conversation")
    expect(ask(page, "多少钱包邮").locator(".chip").first).to_be_visible()


def test_who_asks_faster_than_the_gateway_takes_waits_for_the_countdown(
    page: Page, bounded_site: Site
) -> None:
    open_page(page, bounded_site)
    for _ in range(20):  # three, unless this machine answers as slowly as questions are allowed
        count = page.locator(".turn.assistant").count()
        send(page, "多少钱包邮")
        expect(page.locator(".turn.assistant").nth(count).locator(".status")).to_be_hidden(
            timeout=READING
        )
        if page.locator(".failure").last.is_visible():
            break
    expect(page.locator(".failure p").last).to_contain_text("提问太频繁")
    retry = page.locator(".retry:visible")
    expect(retry).to_have_text(re.compile(r"^\d+ 秒后可重试$"))
    expect(retry).to_be_disabled()
    expect(retry).to_be_enabled(timeout=READING)
    retry.click()
    expect(page.locator(".turn.assistant").last.locator(".chip").first).to_be_visible(
        timeout=READING
    )


def test_an_engine_that_is_loading_says_how_far_it_is(page: Page, site: Site) -> None:
    open_page(page, site)
    state = {"ready": False, "phase": "loading", "percent": 62, "fallback": False}
    configured(page, engine_state=state)
    answer(page, error("upstream_unavailable"), status=503, headers={"retry-after": "5"})
    send(page, "多少钱包邮")
    expect(page.locator(".failure p")).to_have_text("智能引擎正在加载模型 62 %")
    expect(page.locator("#banner")).to_have_text("智能引擎正在加载模型 62 %")
    page.unroute("**/api/config")
    expect(page.locator("#banner")).to_be_hidden(timeout=READING)


def test_too_many_questions_count_down_to_the_retry(page: Page, site: Site) -> None:
    open_page(page, site)
    answer(page, error("rate_limit_exceeded"), status=429, headers={"retry-after": "3"})
    send(page, "多少钱包邮")
    retry = page.locator(".retry")
    expect(page.locator(".failure p")).to_contain_text("提问太频繁")
    expect(retry).to_have_text("2 秒后可重试")
    expect(retry).to_be_disabled()
    expect(page.locator(".regenerate")).to_have_count(0)  # it would be another way to ask at once
    expect(retry).to_be_enabled(timeout=8000)
    retry.click()
    expect(page.locator(".turn.assistant .chip").first).to_be_visible(timeout=READING)


def test_the_countdown_goes_on_in_another_language_and_after_a_reload(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    answer(page, error("rate_limit_exceeded"), status=429, headers={"retry-after": "60"})
    send(page, "多少钱包邮")
    expect(page.locator(".retry")).to_be_disabled()
    page.click("#locale")
    expect(page.locator(".retry")).to_have_text(re.compile(r"^Try again in 5\d s$"))
    expect(page.locator(".retry")).to_be_disabled()
    page.reload()
    expect(page.locator(".retry")).to_have_text(re.compile(r"^Try again in [45]\d s$"))
    expect(page.locator(".retry")).to_be_disabled()


def test_an_engine_that_is_away_is_asked_again_after_the_wait_that_the_stream_tells(
    page: Page, tmp_path: Path
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    with running_gateway(nowhere, tmp_path, ENGINE="cpu", READER_URL="") as gateway:
        open_page(page, Site(gateway.url, gateway.url, tmp_path))
        with page.expect_response("**/api/chat") as answered:
            send(page, "多少钱包邮")
        assert answered.value.status == 200
        expect(page.locator(".failure p")).to_contain_text("暂时不可用")
        expect(page.locator(".retry")).to_have_text(re.compile(r"^\d+ 秒后可重试$"))
        expect(page.locator(".retry")).to_be_disabled()
        expect(page.locator(".retry")).to_be_enabled(timeout=READING)


def test_a_stream_cut_in_the_middle_goes_on_where_it_broke(page: Page, site: Site) -> None:
    open_page(page, site)
    asked: list[str] = []
    answer(page, extras(answer={"id": "answer-1"}), content("满 79 元"), done=False)

    def rest(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=events(content("包邮")), content_type="text/event-stream")

    page.route("**/api/chat/answer-1?**", rest)
    reply = ask(page, "多少钱包邮")
    expect(reply.locator(".markdown")).to_have_text("满 79 元包邮")
    assert asked == [f"{site.url}/api/chat/answer-1?from=2"]


def test_a_line_that_falls_silent_says_so_and_the_answer_goes_on(page: Page, site: Site) -> None:
    page.clock.install()
    open_page(page, site)
    held: list[Route] = []
    page.route("**/api/chat/answer-1?**", lambda route: held.append(route))
    with told_slowly(page, extras(answer={"id": "answer-1"}), content("满 79 元"), done=False):
        send(page, "多少钱包邮")
        expect(page.locator(".phase")).to_have_text("正在回答")
        page.clock.fast_forward(20_000)
        expect(page.locator(".phase")).to_have_text("正在回答")
        with page.expect_request("**/api/chat/answer-1?from=2"):
            page.clock.fast_forward(6_000)
        expect(page.locator(".phase")).to_have_text("连接中断，正在重新连接")
    held[0].fulfill(body=events(content("包邮")), content_type="text/event-stream")
    expect(page.locator(".turn.assistant .markdown")).to_have_text("满 79 元包邮")


def test_a_stream_cut_for_good_keeps_what_came_and_says_so(page: Page, site: Site) -> None:
    open_page(page, site)
    answer(page, extras(answer={"id": "answer-1"}), content("满 79 元"), done=False)
    send(page, "多少钱包邮")  # the gateway knows no answer of that name
    expect(page.locator(".failure p")).to_contain_text("回答中断")
    expect(page.locator(".turn.assistant .markdown")).to_contain_text("满 79 元")
    page.locator(".retry").click()
    expect(page.locator(".turn.assistant .chip").first).to_be_visible(timeout=READING)


def test_a_failure_is_told_to_a_reader_of_the_screen_once(page: Page, site: Site) -> None:
    open_page(page, site)
    answer(page, error("upstream_timeout"), status=504)
    send(page, "多少钱包邮")
    expect(page.get_by_role("alert")).to_contain_text("超时")
    live = page.locator("[role=alert], [role=status], [aria-live]").filter(has_text="超时")
    expect(live).to_have_count(1)


def test_an_answer_that_failed_leaves_no_empty_box_behind_the_next_question(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    answer(page, error("upstream_error"), status=502)
    send(page, "多少钱包邮")
    expect(page.locator(".failure p")).to_be_visible()
    expect(page.locator(".turn.assistant")).to_be_visible()
    ask(page, "多少钱包邮")
    expect(page.locator(".turn.assistant:visible")).to_have_count(1)


def test_an_error_inside_the_stream_is_that_error(page: Page, site: Site) -> None:
    open_page(page, site)
    answer(page, content("满"), error("upstream_error"), done=False)
    send(page, "多少钱包邮")
    expect(page.locator(".failure p")).to_have_text("智能引擎出错了，请重试。")


def test_a_browser_that_goes_offline_says_so_and_keeps_what_was_written(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_contain_text("网络已断开")
    send(page, "多少钱包邮")
    expect(page.locator(".failure p")).to_contain_text("无法连接服务器")
    page.context.set_offline(False)
    expect(page.locator("#banner")).to_be_hidden()
    page.locator(".retry").click()
    expect(page.locator(".turn.assistant .chip").first).to_be_visible(timeout=READING)


def test_a_desk_that_cannot_be_reached_at_the_start_offers_to_try_again(
    page: Page, site: Site
) -> None:
    page.route("**/api/config", lambda route: route.abort(), times=1)
    page.goto(site.url + "/chat.html")
    expect(page.locator(".welcome")).to_contain_text("无法连接服务器")
    page.locator(".welcome .retry").click()
    expect(page.locator("#questions .ask").first).to_be_visible()


@pytest.mark.parametrize("kept", ["server", "local"])
def test_a_reload_in_mid_answer_picks_the_answer_up_again(
    page: Page, tmp_path: Path, kept: str
) -> None:
    settings = {"ENGINE": "cpu", "READER_URL": "", "DATABASE_URL": f"sqlite:///{tmp_path}/desk.db"}
    with (
        running("tests.support.fake_engine", {}) as engine,
        running_gateway(engine.url, tmp_path, **settings) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        if kept == "local":
            without_store(page)
        open_page(page, Site(gateway.url, gateway.url, tmp_path))
        send(page, "endless")
        bubble = page.locator(".turn.assistant .markdown")
        expect(bubble).to_contain_text(" 40 ", timeout=READING)
        page.reload()
        expect(bubble).to_contain_text("你 0 1 2 3 ", timeout=READING)  # from its beginning
        expect(bubble).to_contain_text(" 400 ", timeout=READING)  # and on, while it is written
        expect(page.locator(".turn.user")).to_have_count(1)
        expect(page.locator(".failure:visible")).to_have_count(0)
        page.get_by_role("button", name="停止", exact=True).click()
        expect(page.locator(".stopped")).to_be_visible()
        page.reload()
        expect(bubble).to_contain_text("你 0 1 2 3 ")
        expect(page.locator("#send")).to_have_text("发送")


def test_a_draft_survives_a_reload(page: Page, site: Site) -> None:
    open_page(page, site)
    page.fill("#question", "写了一半")
    page.reload()
    expect(page.locator("#question")).to_have_value("写了一半")


def test_the_banner_says_that_the_embedded_engine_stands_in(page: Page, site: Site) -> None:
    open_page(page, site)
    answer(page, extras(degraded=True), content("好"))
    ask(page, "多少钱包邮")
    expect(page.locator("#banner")).to_contain_text("内置引擎")
    ask(page, "多少钱包邮")
    expect(page.locator("#banner")).to_be_hidden()


def test_what_the_page_sends_is_what_the_contract_names(page: Page, site: Site) -> None:
    open_page(page, site)
    with page.expect_request("**/api/chat") as sent:
        send(page, "多少钱包邮")
    assert set(json.loads(sent.value.post_data or "")) == {
        "model",
        "stream",
        "conversation_id",
        "messages",
    }
