"""Attaching files: dropped, pasted, picked, uploaded at once, waited for, removed."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.kit import (
    READING,
    Site,
    ask,
    attach,
    content,
    extras,
    open_page,
    paste,
    send,
    told_slowly,
)
from tests.support.paths import SCREENS
from tests.support.pictures import pdf

DROP = """([kind, names]) => {
    const data = new DataTransfer();
    const type = "application/pdf";
    for (const name of names) data.items.add(new File(["%PDF-1.7"], name, { type }));
    const init = { dataTransfer: data, bubbles: true, cancelable: true };
    document.dispatchEvent(new DragEvent(kind, init));
}"""


def test_files_are_dropped_anywhere_and_several_at_once(page: Page, site: Site) -> None:
    open_page(page, site)
    page.evaluate(DROP, ["dragenter", ["a.pdf"]])
    expect(page.locator("#drop")).to_be_visible()
    page.evaluate(DROP, ["drop", ["a.pdf", "b.pdf"]])
    expect(page.locator("#drop")).to_be_hidden()
    expect(page.locator("#attachments .name")).to_have_text(["a.pdf", "b.pdf"])
    expect(page.locator("#attachments .kind").first).to_have_text("PDF")


def test_a_pasted_picture_goes_up_at_once(page: Page, site: Site) -> None:
    open_page(page, site)
    with page.expect_response("**/api/files") as uploaded:
        paste(page, "pasted.png", 80, 60)
    assert uploaded.value.status == 200
    expect(page.locator("#attachments .name")).to_have_text("pasted.png")
    expect(page.locator("#attachments .note")).to_have_text(re.compile(r"^\d+ (B|KB)$"))


def test_progress_is_shown_while_bytes_go_out(page: Page, site: Site) -> None:
    network = page.context.new_cdp_session(page)
    open_page(page, site)
    seen = """() => { window.seen = []; new MutationObserver(() => {
        const bar = document.querySelector("#attachments progress");
        if (bar && !bar.hidden && bar.value > 0 && bar.value < 1) seen.push(bar.value);
    }).observe(
        document.getElementById("attachments"),
        { subtree: true, attributes: true, childList: true },
    ); }"""
    page.evaluate(seen)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    network.send("Network.emulateNetworkConditions", slow)
    with page.expect_response("**/api/files", timeout=READING):
        page.set_input_files("#picker", SCREENS / "contract-v1.png")
    expect(page.locator("#attachments progress")).to_be_hidden(timeout=READING)
    assert len(page.evaluate("window.seen")) >= 2


@pytest.mark.parametrize(("name", "kind"), [("scan.pdf", "PDF"), ("IMG_0001.HEIC", "HEIC")])
def test_what_a_browser_cannot_draw_has_a_placeholder(
    page: Page, site: Site, name: str, kind: str
) -> None:
    open_page(page, site)
    page.set_input_files("#picker", {"name": name, "mimeType": "", "buffer": b"anything"})
    expect(page.locator("#attachments .kind")).to_have_text(kind)
    expect(page.locator("#attachments img")).to_be_hidden()


def test_an_upload_that_the_network_broke_is_tried_again_by_a_click(page: Page, site: Site) -> None:
    open_page(page, site)
    page.route("**/api/files", lambda route: route.abort(), times=1)
    page.set_input_files("#picker", SCREENS / "order.png")
    expect(page.locator("#attachments .bad .note")).to_contain_text("无法连接服务器")
    page.locator("#attachments .again").click()
    expect(page.locator("#attachments .note")).to_have_text(re.compile("KB$"))


def test_a_removed_picture_is_deleted_from_the_server(page: Page, site: Site) -> None:
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    with page.expect_response(lambda response: response.request.method == "DELETE"):
        page.locator("#attachments .remove").click()
    assert page.request.get(f"{site.url}/api/files").json()["data"] == []


def test_a_question_waits_for_its_upload_and_goes_out_once(page: Page, site: Site) -> None:
    open_page(page, site)
    held: list[Route] = []
    page.route("**/api/files", lambda route: held.append(route), times=1)
    page.set_input_files("#picker", SCREENS / "order.png")
    send(page, "订单号是多少")
    expect(page.locator("#hint")).to_have_text("图片上传完成后自动发送")
    expect(page.locator("#send")).to_have_text("停止 · 1 秒")
    page.press("#question", "Enter")
    held[0].continue_()
    expect(page.locator(".turn.user")).to_have_count(1, timeout=READING)
    expect(page.locator(".turn.assistant .chip").first).to_be_visible(timeout=READING)


@pytest.mark.parametrize("way", ["button", "Escape"])
def test_a_question_that_waits_for_its_upload_can_be_stopped_and_sent_later(
    page: Page, site: Site, way: str
) -> None:
    open_page(page, site)
    held: list[Route] = []
    page.route("**/api/files", lambda route: held.append(route), times=1)
    page.set_input_files("#picker", SCREENS / "order.png")
    send(page, "订单号是多少")
    expect(page.locator("#send")).to_have_text(re.compile("^停止"))
    if way == "button":
        page.click("#send")
    else:
        page.keyboard.press("Escape")
    expect(page.locator("#send")).to_have_text("发送")
    expect(page.locator("#question")).to_have_value("订单号是多少")
    held[0].continue_()
    expect(page.locator("#attachments .note")).to_have_text(re.compile("KB$"), timeout=READING)
    expect(page.locator(".turn")).to_have_count(0)
    page.press("#question", "Enter")
    expect(page.locator(".turn.user")).to_have_count(1)


def test_a_held_picture_is_called_back_when_one_would_not_wait(page: Page, site: Site) -> None:
    open_page(page, site)
    page.click("#hold")
    held: list[Route] = []
    page.route("**/api/files", lambda route: held.append(route), times=1)
    page.set_input_files("#picker", SCREENS / "order.png")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="取消").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    send(page, "订单号是多少")
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name=re.compile("^停止")).click()
    expect(page.locator("#attachments .note")).to_contain_text("点“发送”后才上传")
    ask(page, "")
    assert len(page.request.get(f"{site.url}/api/files").json()["data"]) == 1


def test_pictures_are_referenced_by_their_id_and_their_bytes_are_nowhere_else(
    page: Page, site: Site
) -> None:
    bodies: list[str] = []
    page.on(
        "request",
        lambda request: (
            bodies.append(request.post_data or "") if "/api/chat" in request.url else None
        ),
    )
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    ask(page, "订单号是多少")
    ask(page, "什么时候发货")
    assert len(bodies) == 2
    for body in bodies:
        parts: list[dict[str, Any]] = json.loads(body)["messages"][0]["content"]
        assert [part["type"] for part in parts] == ["text", "file"]
        assert parts[1]["file"]["file_id"].startswith("file-")
    storage = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    for kept in (*bodies, storage):
        assert "base64" not in kept
        assert "data:image" not in kept
    uploads = page.request.get(f"{site.url}/api/files").json()["data"]
    assert len(uploads) == 1


def test_a_slow_network_does_not_freeze_the_page(page: Page, site: Site) -> None:
    """While nothing comes, frames are drawn and what is typed is there at once."""
    open_page(page, site)
    page.evaluate("""() => { window.longest = 0; let last = performance.now();
        const frame = (now) => {
            longest = Math.max(longest, now - last); last = now;
            requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame); }""")
    with told_slowly(page, 2.0, extras(answer={"id": "answer-1"}), 1.0, content("好")):
        send(page, "多少钱包邮")
        expect(page.locator(".elapsed")).to_have_text("1 秒")
        page.locator("#question").press_sequentially("下一个问题")
        expect(page.locator("#question")).to_have_value("下一个问题")
        expect(page.locator(".elapsed")).to_have_text("2 秒")
        expect(page.locator(".turn.assistant .markdown")).to_have_text("好")
    assert page.evaluate("longest") < 1000, (
        "a request that waits in the page's own thread holds up every frame"
    )


def test_what_is_attached_follows_the_language(page: Page, site: Site) -> None:
    open_page(page, site)
    broken = {
        "name": "half.png",
        "mimeType": "image/png",
        "buffer": (SCREENS / "waybill.png").read_bytes()[:8000],
    }
    attach(page, broken, {"name": "a.pdf", "mimeType": "", "buffer": pdf(2)})
    page.click("#hold")
    page.set_input_files("#picker", {"name": "b.pdf", "mimeType": "", "buffer": pdf()})
    page.click("#locale")
    notes = page.locator("#attachments .note")
    expect(notes).to_have_text(
        [
            "The picture is damaged or incomplete. Save it again and resend it.",
            re.compile(r"2\s?pages$"),
            "Uploads when you send",
        ]
    )
    expect(page.get_by_role("button", name="Remove half.png")).to_be_visible()
    expect(
        page.locator("#attachments").get_by_role("button", name="Cover or crop half.png").first
    ).to_be_visible()


def test_text_that_is_dropped_into_the_question_is_left_to_the_browser(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    taken = page.evaluate("""() => {
        const data = new DataTransfer(); data.setData("text/plain", "ERR_17");
        const question = document.getElementById("question");
        return ["dragover", "drop"].map((kind) => !question.dispatchEvent(
            new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }))); }""")
    assert taken == [False, False]
    expect(page.locator("#drop")).to_be_hidden()
