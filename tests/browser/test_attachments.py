"""Pictures on their way: dropped, pasted, picked, uploaded once, and never kept as bytes."""

import io
import json
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser.kit import (
    READING,
    Site,
    ask,
    attach,
    configured,
    content,
    error,
    extras,
    open_page,
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
DRAW = """async ([name, width, height]) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    context.fillStyle = "#0f6b54"; context.fillRect(0, 0, width, height);
    context.fillStyle = "#fff"; context.font = "80px sans-serif";
    context.fillText("SightDesk", 40, 120);
    return new File([await canvas.convertToBlob()], name, { type: "image/png" });
}"""


def paste(page: Page, name: str, width: int, height: int) -> None:
    page.evaluate(
        f"""async (picture) => {{
            const data = new DataTransfer();
            data.items.add(await ({DRAW})(picture));
            const init = {{ clipboardData: data, bubbles: true }};
            document.dispatchEvent(new ClipboardEvent("paste", init));
        }}""",
        [name, width, height],
    )


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


def test_the_limits_are_shown_before_anything_is_attached(page: Page, site: Site) -> None:
    open_page(page, site)
    hint = page.locator("#hint")
    for words in ("JPG", "HEIC", "PDF", "20.0 MB", "8 张"):
        expect(hint).to_contain_text(words)


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


def test_a_picture_far_above_the_limit_is_scaled_here_and_both_sizes_are_told(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    paste(page, "huge.png", 7000, 4000)
    expect(page.locator("#attachments .note")).to_have_text(
        re.compile(r"^\d+ KB → \d+ KB$"), timeout=READING
    )
    send(page, "看看")
    sent = page.locator(".turn.user .picture img")
    expect(sent).to_be_visible(timeout=READING)
    stored = page.request.get(f"{site.url}/api/files").json()["data"][0]
    assert stored["content_type"] == "image/png"  # a screenshot stays lossless
    page.reload()
    sides = page.wait_for_function(
        """() => {
            const image = document.querySelector(".picture img");
            return image?.naturalWidth && [image.naturalWidth, image.naturalHeight];
        }"""
    ).json_value()
    assert sides == [2048, 1170]


SCALE = """async () => {
    const { scaledDown } = await import("/assets/js/ui/redraw.js");
    const canvas = new OffscreenCanvas(400, 300); // wholly transparent
    canvas.getContext("2d");
    const webp = await canvas.convertToBlob({ type: "image/webp" });
    const file = new File([webp], "a.webp", { type: "image/webp" });
    const half = { width: 200, height: 150 };
    const wanted = (maxBytes) => ({ width }, bytes) =>
        width > 200 || bytes > maxBytes ? half : null;
    const cornerOf = async (scaled) => {
        const context = new OffscreenCanvas(200, 150).getContext("2d");
        context.drawImage(await createImageBitmap(scaled), 0, 0);
        return [scaled.type, ...context.getImageData(0, 0, 1, 1).data];
    };
    const scale = async (maxBytes) => cornerOf(await scaledDown(file, wanted(maxBytes), () => {}));
    return [await scale(9999), await scale(9)];
}"""


def test_a_transparent_picture_stays_so_when_scaled_and_is_white_as_jpeg(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    small, large = page.evaluate(SCALE)
    assert small == ["image/png", 0, 0, 0, 0]
    assert large == ["image/jpeg", 255, 255, 255, 255]


def test_a_picture_within_the_limits_is_sent_untouched(page: Page, site: Site) -> None:
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    stored = page.request.get(f"{site.url}/api/files").json()["data"][0]
    assert stored["bytes"] == (SCREENS / "order.png").stat().st_size


def test_a_file_of_the_wrong_kind_is_refused_before_it_is_sent(page: Page, site: Site) -> None:
    open_page(page, site)
    page.set_input_files(
        "#picker", {"name": "a.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}
    )
    expect(page.locator("#hint")).to_contain_text("a.exe")
    expect(page.locator("#attachments li")).to_have_count(0)


def test_a_file_that_cannot_be_scaled_and_is_too_large_says_its_size_and_the_limit(
    page: Page, site: Site
) -> None:
    limits = {"image_max_pixels": 1e6, "image_max_side": 2048, "image_longest_side": 30_000}
    configured(page, limits=limits | {"image_max_bytes": 1000, "max_images": 2})
    open_page(page, site)
    page.set_input_files(
        "#picker", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF" * 1000}
    )
    expect(page.locator("#hint")).to_have_text("a.pdf 太大：4 KB，每个文件最大 1000 B")
    damaged: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": b"\x89PNG" * 1000}
    page.set_input_files("#picker", damaged)
    expect(page.locator("#attachments .bad .note")).to_have_text(
        "a.png 太大：4 KB，每个文件最大 1000 B"
    )


@pytest.mark.parametrize(
    ("name", "refusal", "words"),
    [
        (
            "long.png",
            error("image_too_large", name="side", size=40_000, limit=30_000),
            "图片太长：长边 40000 像素，最多 30000 像素。",
        ),
        (
            "many.png",
            error("image_too_large", name="IMAGE_MAX_PIXELS", size=81_000_000, limit=50_000_000),
            "图片太大：约 81 百万像素，最多 50 百万像素。",
        ),
        (
            "nine.pdf",
            error("pdf_too_large", name="PDF_MAX_PAGES", size=9, limit=8),
            "PDF 页数太多：这份有 9 页，最多 8 页。",
        ),
        (
            "locked.pdf",
            error("invalid_image", name="password"),
            "这份 PDF 有密码保护。请先取消密码，或发送页面的截图。",
        ),
        (
            "odd.pdf",
            error("invalid_image"),
            "这份 PDF 打不开，可能已损坏或有密码。请先取消密码，或发送页面的截图。",
        ),
        (
            "full.png",
            error("upstream_unavailable"),
            "服务器暂时无法保存文件，请稍后重试，或联系管理员。",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_what_the_gateway_refuses_says_by_which_bound(
    page: Page, site: Site, name: str, refusal: dict[str, Any], words: str
) -> None:
    open_page(page, site)
    page.route("**/api/files", lambda route: route.fulfill(status=413, json=refusal), times=1)
    page.set_input_files("#picker", {"name": name, "mimeType": "", "buffer": b"anything"})
    expect(page.locator("#attachments .bad .note")).to_have_text(words, timeout=READING)


def test_a_picture_with_a_side_that_no_gateway_takes_is_scaled_before_it_goes(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    with page.expect_response("**/api/files") as uploaded:
        paste(page, "strip.png", 32_000, 40)
    assert uploaded.value.status == 200
    stored = uploaded.value.json()["id"]
    picture = Image.open(
        io.BytesIO(page.request.get(f"{site.url}/api/files/{stored}/content").body())
    )
    assert picture.size == (30_000, 38)


def test_too_many_files_are_refused_with_the_number_that_is_taken(page: Page, site: Site) -> None:
    open_page(page, site)
    files = [
        {"name": f"{number}.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
        for number in range(9)
    ]
    page.set_input_files("#picker", files)  # type: ignore[arg-type]
    expect(page.locator("#attachments li")).to_have_count(8)
    expect(page.locator("#hint")).to_have_text("一次最多 8 张图片，您添加了 9 张")


def test_a_damaged_picture_says_why_and_keeps_the_draft(page: Page, site: Site) -> None:
    open_page(page, site)
    broken = (SCREENS / "waybill.png").read_bytes()[:8000]
    page.set_input_files("#picker", {"name": "half.png", "mimeType": "image/png", "buffer": broken})
    expect(page.locator("#attachments .bad")).to_contain_text("损坏")
    send(page, "运单号是多少")
    expect(page.locator("#question")).to_have_value("运单号是多少")
    expect(page.locator(".turn")).to_have_count(0)


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


def test_a_server_that_takes_no_more_says_so_at_the_picture(page: Page, site: Site) -> None:
    open_page(page, site)
    page.route(
        "**/api/files",
        lambda route: route.fulfill(status=413, json=error("image_too_large")),
        times=1,
    )
    page.set_input_files("#picker", SCREENS / "order.png")
    expect(page.locator("#attachments .bad .note")).to_have_text("图片太大：每张最大 20.0 MB。")


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
            re.compile("2 pages$"),
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
