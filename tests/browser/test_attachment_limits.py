"""Limits of pictures and files: scaled, refused before uploading, refused by the gateway."""

import io
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.kit import READING, Site, attach, configured, error, open_page, paste, send
from tests.support.paths import SCREENS

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


def test_the_limits_are_shown_before_anything_is_attached(page: Page, site: Site) -> None:
    open_page(page, site)
    hint = page.locator("#hint")
    for words in ("JPG", "HEIC", "PDF", "20.0 MB", "8 张"):
        expect(hint).to_contain_text(words)


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
    page.set_input_files("#picker", files)  # type: ignore[arg-type]  # it wants a typed dict
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


def test_a_server_that_takes_no_more_says_so_at_the_picture(page: Page, site: Site) -> None:
    open_page(page, site)
    page.route(
        "**/api/files",
        lambda route: route.fulfill(status=413, json=error("image_too_large")),
        times=1,
    )
    page.set_input_files("#picker", SCREENS / "order.png")
    expect(page.locator("#attachments .bad .note")).to_have_text("图片太大：每张最大 20.0 MB。")
