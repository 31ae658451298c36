"""What a person sees and does."""

import json

import pytest
from playwright.sync_api import Page, expect

from benchmarks.servers import Running
from tests.conftest import SCREENS

QUESTION = "这张图显示了什么错误?我该怎么解决?"


def open_page(page: Page, desk: Running) -> None:
    page.goto(desk.url + "/chat.html")
    expect(page.locator("#questions .ask").first).to_be_visible()


def send(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.keyboard.press("Enter")


def answer(
    page: Page, *events: object, status: int = 200, headers: dict[str, str] | None = None, done: bool = True
) -> None:
    """Lets the next question be answered by these events, or by an error."""
    if status == 200:
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + ("data: [DONE]\n\n" if done else "")
        content_type = "text/event-stream"
    else:
        body, content_type = json.dumps(events[0]), "application/json"
    page.route(
        "**/api/chat",
        lambda route: route.fulfill(status=status, body=body, content_type=content_type, headers=headers or {}),
        times=1,
    )


def content(text: str) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


def test_a_dropped_screenshot_is_read_answered_and_cited(page: Page, desk: Running) -> None:
    open_page(page, desk)
    page.set_input_files("#picker", SCREENS / "browser-error.png")
    send(page, QUESTION)
    reply = page.locator(".turn.assistant")
    expect(reply.locator(".markdown")).to_contain_text("ERR_CONNECTION_TIMED_OUT", timeout=20_000)
    expect(reply.get_by_label("错误代码", exact=True)).to_have_value("ERR_CONNECTION_TIMED_OUT")
    reply.locator(".chip").first.click()
    expect(page.locator("#clause .text")).to_contain_text("代理")
    expect(page.locator("#clause mark").first).to_be_visible()


def test_a_common_question_is_asked_by_a_click(page: Page, desk: Running) -> None:
    open_page(page, desk)
    page.get_by_role("button", name="退货流程是什么").click()
    expect(page.locator(".turn.assistant .chip").first).to_contain_text("售后服务政策")


def test_the_last_turns_are_back_after_a_reload(page: Page, desk: Running) -> None:
    open_page(page, desk)
    for number in range(5):
        send(page, f"多少钱包邮 {number}")
        expect(page.locator(".turn.assistant .actions").nth(number)).to_be_visible()
    page.reload()
    expect(page.locator(".turn.user")).to_have_count(5)
    expect(page.locator(".turn.assistant")).to_have_count(5)


def test_a_dropped_file_is_attached(page: Page, desk: Running) -> None:
    open_page(page, desk)
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["%PDF-1.7"], "dropped.pdf", { type: "application/pdf" }));
            document.dispatchEvent(new DragEvent("dragenter", { dataTransfer: data, bubbles: true }));
        }"""
    )
    expect(page.locator("#drop")).to_be_visible()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["%PDF-1.7"], "dropped.pdf", { type: "application/pdf" }));
            document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
        }"""
    )
    expect(page.locator("#drop")).to_be_hidden()
    expect(page.locator("#attachments li")).to_contain_text("dropped.pdf")


def test_a_pasted_picture_is_attached(page: Page, desk: Running) -> None:
    open_page(page, desk)
    page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(80, 60);
            canvas.getContext("2d").fillRect(0, 0, 80, 60);
            const data = new DataTransfer();
            data.items.add(new File([await canvas.convertToBlob()], "pasted.png", { type: "image/png" }));
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        }"""
    )
    expect(page.locator("#attachments li")).to_contain_text("pasted.png")


def test_a_file_of_the_wrong_kind_is_refused_before_it_is_sent(page: Page, desk: Running) -> None:
    open_page(page, desk)
    page.set_input_files("#picker", {"name": "a.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"})
    expect(page.locator("#hint")).to_contain_text("a.exe")
    expect(page.locator("#attachments li")).to_have_count(0)


def test_a_damaged_picture_says_why_and_keeps_the_draft(page: Page, desk: Running) -> None:
    open_page(page, desk)
    broken = (SCREENS / "waybill.png").read_bytes()[:8000]
    page.set_input_files("#picker", {"name": "half.png", "mimeType": "image/png", "buffer": broken})
    expect(page.locator("#attachments .bad")).to_contain_text("损坏")
    send(page, "运单号是多少")
    expect(page.locator("#question")).to_have_value("运单号是多少")


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "invalid_api_key", "重新登录"),
        (413, "image_too_large", "20.0 MB"),
        (503, "upstream_unavailable", "暂时不可用"),
        (504, "upstream_timeout", "超时"),
    ],
)
def test_a_failure_says_what_it_is_and_a_retry_works(
    page: Page, desk: Running, status: int, code: str, words: str
) -> None:
    open_page(page, desk)
    answer(page, {"error": {"message": "m", "type": "t", "param": None, "code": code}}, status=status)
    send(page, "多少钱包邮")
    expect(page.locator(".failure p")).to_contain_text(words)
    page.locator(".retry").click()
    expect(page.locator(".turn.assistant .chip").first).to_be_visible()


def test_too_many_questions_count_down_to_the_retry(page: Page, desk: Running) -> None:
    open_page(page, desk)
    error = {"error": {"message": "m", "type": "t", "param": None, "code": "rate_limit_exceeded"}}
    answer(page, error, status=429, headers={"retry-after": "2"})
    send(page, "多少钱包邮")
    expect(page.locator(".retry")).to_contain_text("秒后可重试")
    expect(page.locator(".retry")).to_be_enabled(timeout=5000)


def test_a_stream_cut_in_the_middle_keeps_what_came_and_says_so(page: Page, desk: Running) -> None:
    open_page(page, desk)
    answer(page, content("满 79 元"), done=False)
    send(page, "多少钱包邮")
    expect(page.locator(".failure p")).to_contain_text("中途断开")
    expect(page.locator(".turn.assistant .markdown")).to_contain_text("满 79 元")


def test_a_server_that_is_gone_is_named(page: Page, desk: Running) -> None:
    open_page(page, desk)
    page.route("**/api/chat", lambda route: route.abort(), times=1)
    send(page, "多少钱包邮")
    expect(page.locator(".failure p")).to_contain_text("网络不通")


@pytest.mark.parametrize(
    "payload",
    [
        "<img src=x onerror=window.hit=1>",
        "<script>window.hit=1</script>",
        "[a](javascript:window.hit=1)",
        "<svg onload=window.hit=1>",
        "![a](https://example.com/a.png)",
        '<iframe srcdoc="<script>parent.hit=1</script>">',
    ],
)
def test_what_an_answer_says_never_runs_and_loads_nothing(page: Page, desk: Running, payload: str) -> None:
    open_page(page, desk)
    outside: list[str] = []
    page.on("request", lambda request: outside.append(request.url) if desk.url not in request.url else None)
    answer(page, content(payload + "\n\nend"))
    send(page, payload)
    expect(page.locator(".turn.assistant .markdown")).to_contain_text("end")
    assert page.evaluate("window.hit") is None
    assert [url for url in outside if not url.startswith(("data:", "blob:"))] == []
    assert page.locator(".markdown img, .markdown script, .markdown iframe, .markdown a[href^=javascript]").count() == 0


def test_enter_inside_an_input_method_does_not_send(page: Page, desk: Running) -> None:
    open_page(page, desk)
    page.fill("#question", "tuihuo")
    page.dispatch_event("#question", "keydown", {"key": "Enter", "isComposing": True})
    expect(page.locator(".turn")).to_have_count(0)


def test_english_is_a_click_away(page: Page, desk: Running) -> None:
    open_page(page, desk)
    page.click("#locale")
    expect(page.locator("#new-conversation")).to_have_text("New conversation")
    page.get_by_role("button", name="How do I return an item?").click()
    expect(page.locator(".turn.assistant .chip").first).to_contain_text("After-sales Policy")


def test_a_phone_gets_one_column_and_a_drawer(page: Page, desk: Running) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(desk.url + "/chat.html")
    expect(page.locator(".welcome")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click("#menu")
    expect(page.get_by_role("button", name="退货流程是什么")).to_be_visible()


def test_the_page_is_small_and_comes_from_here_alone(page: Page, desk: Running) -> None:
    sizes: dict[str, int] = {}
    page.on(
        "response", lambda response: sizes.__setitem__(response.url, int(response.headers.get("content-length", "0")))
    )
    open_page(page, desk)
    assert len(sizes) <= 25
    assert sum(sizes.values()) <= 200_000  # as files; nginx compresses them
    assert all(url.startswith(desk.url) for url in sizes)


def test_a_failure_and_its_retry_are_still_there_after_a_reload(page: Page, desk: Running) -> None:
    open_page(page, desk)
    page.route("**/api/chat", lambda route: route.abort(), times=1)
    send(page, "多少钱包邮")
    expect(page.locator(".failure p")).to_contain_text("网络不通")
    page.reload()
    expect(page.locator(".failure p")).to_contain_text("网络不通")
    page.locator(".retry").click()
    expect(page.locator(".turn.assistant .chip").first).to_be_visible()
