"""Cover and crop before sending: what is covered never leaves the browser."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, expect

from tests.browser.kit import READING, Site, ask, attach, open_page, send
from tests.support.paths import SCREENS
from tests.support.pictures import HEIC, pdf

PHONE = (300, 200, 520, 240)


def uploads(page: Page) -> list[bytes]:
    """The body of every upload from now on, as it goes out."""
    bodies: list[bytes] = []
    page.on(
        "request",
        lambda request: (
            bodies.append(request.post_data_buffer or b"")
            if request.method == "POST" and request.url.endswith("/api/files")
            else None
        ),
    )
    return bodies


def stored(page: Page, site: Site) -> list[Image.Image]:
    files = page.request.get(f"{site.url}/api/files").json()["data"]
    return [
        Image.open(
            io.BytesIO(page.request.get(f"{site.url}/api/files/{file['id']}/content").body())
        )
        for file in files
    ]


def draw(page: Page, box: tuple[int, int, int, int]) -> None:
    """Drags a box given in pixels of the picture."""
    image = page.locator(".editor .stage img")
    shown = image.bounding_box()
    assert shown
    scale = shown["width"] / image.evaluate("(image) => image.naturalWidth")
    left, top, right, bottom = (side * scale for side in box)
    page.mouse.move(shown["x"] + left, shown["y"] + top)
    page.mouse.down()
    page.mouse.move(shown["x"] + right, shown["y"] + bottom, steps=4)
    page.mouse.up()


def finish(page: Page) -> None:
    """Presses Done and waits until what was made of the picture is up."""
    with page.expect_response(
        lambda response: response.request.method == "POST" and response.url.endswith("/api/files")
    ):
        page.get_by_role("button", name="完成").click()
    expect(page.locator("#attachments progress:visible")).to_have_count(0, timeout=READING)


def test_with_cover_before_sending_not_a_byte_of_the_original_goes_out(
    page: Page, site: Site
) -> None:
    bodies = uploads(page)
    open_page(page, site)
    page.click("#hold")
    page.set_input_files("#picker", SCREENS / "order.png")
    expect(page.get_by_role("dialog", name="遮挡与裁剪")).to_be_visible()
    draw(page, PHONE)
    page.wait_for_timeout(500)
    assert bodies == []
    finish(page)
    assert len(stored(page, site)) == 1
    covered = stored(page, site)[0].convert("RGB")
    with Image.open(SCREENS / "order.png") as file:
        original = file.convert("RGB")
    assert covered.size == original.size
    assert covered.crop((310, 210, 510, 230)).getcolors() == [(200 * 20, (0, 0, 0))]
    assert covered.getpixel((900, 10)) == original.getpixel((900, 10))


def test_a_held_picture_goes_out_when_the_question_is_sent(page: Page, site: Site) -> None:
    bodies = uploads(page)
    open_page(page, site)
    page.click("#hold")
    page.set_input_files("#picker", SCREENS / "order.png")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#attachments .note")).to_contain_text("点“发送”后才上传")
    page.wait_for_timeout(300)
    assert bodies == []
    ask(page, "订单号是多少")
    assert len(bodies) == 1


def test_a_picture_that_was_already_up_is_replaced_and_its_original_deleted(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    original = page.request.get(f"{site.url}/api/files").json()["data"][0]["id"]
    page.locator("#attachments .thumb").click()
    expect(page.get_by_role("dialog")).to_contain_text("点“完成”后会从服务器删除")
    draw(page, PHONE)
    finish(page)
    files = page.request.get(f"{site.url}/api/files").json()["data"]
    assert len(files) == 1
    assert files[0]["id"] != original
    assert stored(page, site)[0].convert("RGB").getpixel((400, 220)) == (0, 0, 0)


def test_a_crop_asks_about_this_part_alone(page: Page, site: Site) -> None:
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    page.locator("#attachments .thumb").click()
    page.get_by_role("button", name="裁剪", exact=True).click()
    draw(page, (100, 100, 400, 300))
    finish(page)
    width, height = stored(page, site)[0].size
    assert abs(width - 300) <= 3
    assert abs(height - 200) <= 3


def test_the_editor_works_by_keyboard_alone(page: Page, site: Site) -> None:
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    page.locator("#attachments .thumb").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="添加框").focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("button", name="遮挡框 1")
    expect(box).to_be_focused()
    before = box.bounding_box()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    after = box.bounding_box()
    assert before
    assert after
    assert after["x"] > before["x"]
    assert after["height"] > before["height"]
    page.keyboard.press("Delete")
    expect(page.locator(".editor .box")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#attachments .thumb")).to_be_focused()


def phone_screen(folder: Path) -> Path:
    """A sample screen whose picture holds a whole phone number."""
    made = folder / "phone.png"
    page = Image.new("RGB", (900, 300), "white")
    font = ImageFont.load_default(36)
    ImageDraw.Draw(page).text((60, 120), "Phone: 13812345678", fill="black", font=font)
    page.save(made)
    return made


def test_suggestions_come_from_the_reader_when_one_asks_and_the_original_is_deleted_after(
    page: Page, site: Site, tmp_path: Path
) -> None:
    open_page(page, site)
    page.click("#hold")
    page.set_input_files("#picker", phone_screen(tmp_path))
    expect(page.get_by_role("dialog")).to_contain_text("会把原图发给服务器识别")
    page.get_by_role("button", name="自动查找号码").click()
    expect(page.get_by_role("dialog").locator(".hint").last).to_have_text(
        "找到 1 处，请核对", timeout=READING
    )
    expect(page.locator(".editor .box.cover")).to_have_count(1)
    assert page.request.get(f"{site.url}/api/files").json()["data"] == []
    finish(page)
    picture = stored(page, site)[0].convert("L")
    assert picture.crop((200, 125, 420, 150)).getextrema() == (0, 0)


@pytest.mark.parametrize("name", ["IMG_0001.HEIC", "scan.pdf"])
def test_what_a_browser_cannot_draw_is_held_like_any_picture(
    page: Page, site: Site, name: str
) -> None:
    bodies = uploads(page)
    open_page(page, site)
    page.click("#hold")
    page.set_input_files(
        "#picker", {"name": name, "mimeType": "", "buffer": pdf() if name.endswith("pdf") else HEIC}
    )
    expect(page.locator("#attachments .note")).to_contain_text("点“发送”后才上传")
    page.wait_for_timeout(500)
    assert bodies == []
    ask(page, "这是什么")
    assert len(bodies) == 1


def test_the_pages_of_a_pdf_are_covered_one_by_one_and_go_as_pictures(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    attach(page, {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": pdf(pages=2)})
    page.locator("#attachments .cover").click()
    dialog = page.get_by_role("dialog")
    for number in (1, 2):
        expect(dialog.locator("h2")).to_have_text(f"遮挡与裁剪 · 第 {number} / 2 页")
        if number == 2:
            dialog.get_by_role("button", name="添加框").click()
        dialog.get_by_role("button", name="完成").click()
    expect(page.locator("#attachments .name")).to_have_text(["合同 1.png", "合同 2.png"])
    expect(page.locator("#attachments progress:visible")).to_have_count(0, timeout=READING)
    kept = stored(page, site)
    assert len(kept) == 2  # the PDF is gone
    shares = [one.convert("1", dither=Image.Dither.NONE).histogram()[0] for one in kept]
    assert sorted(share > 100 for share in shares) == [False, True]  # black pixels


def test_uploaded_files_survive_a_reload_and_can_still_be_covered(page: Page, site: Site) -> None:
    open_page(page, site)
    scan = {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": pdf()}
    order = (SCREENS / "order.png").read_bytes()
    attach(page, {"name": "order.png", "mimeType": "image/png", "buffer": order}, scan)
    page.reload()
    expect(page.locator("#attachments .name")).to_have_text(["order.png", "scan.pdf"])
    expect(page.locator("#attachments .note").last).to_contain_text("1 页")
    page.locator("#attachments .cover").first.click()
    page.get_by_role("dialog").get_by_role("button", name="添加框").click()
    finish(page)
    assert len(page.request.get(f"{site.url}/api/files").json()["data"]) == 2
    send(page, "这是什么")
    expect(page.locator(".turn.user .picture")).to_be_visible()
    page.reload()
    expect(page.locator(".turn.user .picture")).to_be_visible()
    expect(page.locator("#attachments li")).to_have_count(0)


def test_a_common_question_sends_no_picture_that_is_still_held(page: Page, site: Site) -> None:
    bodies = uploads(page)
    open_page(page, site)
    page.click("#hold")
    page.set_input_files("#picker", SCREENS / "order.png")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.fill("#question", "还没写完")
    page.get_by_role("button", name="退货流程是什么").click()
    expect(page.locator("#toast")).to_contain_text("图片还没有上传")
    expect(page.locator("#question")).to_be_focused()
    expect(page.locator("#question")).to_have_value("还没写完\n退货流程是什么？")
    page.wait_for_timeout(300)
    assert bodies == []
    expect(page.locator(".turn")).to_have_count(0)
    page.press("#question", "Enter")
    expect(page.locator(".turn.user .picture")).to_have_count(1, timeout=READING)
    assert len(bodies) == 1


def test_a_common_question_takes_along_the_pictures_that_are_up(page: Page, site: Site) -> None:
    bodies = uploads(page)
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    page.get_by_role("button", name="退货流程是什么").click()
    expect(page.locator(".turn.user .picture")).to_have_count(1)
    assert len(bodies) == 1
