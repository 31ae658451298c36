"""What can be done with an answer: opened, corrected, rated, asked again, handed over."""

import io
import json

import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.kit import (
    READING,
    Site,
    answer,
    ask,
    attach,
    configured,
    content,
    extras,
    open_page,
    send,
)
from tests.support.paths import SCREENS

CLAUSE = {
    "id": "a",
    "title": "售后服务政策",
    "clause": "3.2",
    "text": "满 79 元包邮，退货流程见上。",
}


def test_a_citation_opens_its_clause_with_the_words_marked(page: Page, site: Site) -> None:
    open_page(page, site)
    answer(page, extras(citations=[CLAUSE]), content("好"))
    ask(page, "退货流程是什么")
    page.get_by_role("button", name="售后服务政策 · 第 3.2 条").click()
    dialog = page.get_by_role("dialog", name="售后服务政策")
    expect(dialog.locator(".number")).to_have_text("第 3.2 条")
    expect(dialog.locator("mark").first).to_be_visible()
    assert "退货" in "".join(dialog.locator("mark").all_inner_texts())


def test_a_reading_that_is_cited_lights_up_its_region(page: Page, site: Site) -> None:
    open_page(page, site)
    attach(page, SCREENS / "browser-error.png")
    reply = ask(page, "这是什么错误")
    reply.locator(".chip.seen").first.click()
    lit = page.locator(".lightbox .region.lit")
    expect(lit).to_be_visible()
    expect(page.locator(".lightbox .caption")).to_have_text("错误代码 · ERR_CONNECTION_TIMED_OUT")
    box, picture = lit.bounding_box(), page.locator(".lightbox .stage img").bounding_box()
    assert box
    assert picture
    assert picture["x"] <= box["x"] <= box["x"] + box["width"] <= picture["x"] + picture["width"]
    assert box["width"] < picture["width"] / 2


def phone_photo(kind: str) -> bytes:
    """A screenshot as a phone's HEIC, or as the second page of a PDF."""
    with Image.open(SCREENS / "browser-error.png") as file:
        screen = file.convert("RGB")
    made = io.BytesIO()
    if kind == "HEIC":
        pillow_heif.from_pillow(screen).save(made, quality=90)
    else:
        Image.new("RGB", screen.size, "white").save(
            made, kind, save_all=True, append_images=[screen], resolution=96
        )
    return made.getvalue()


@pytest.mark.parametrize(("name", "kind"), [("IMG_0001.HEIC", "HEIC"), ("scan.pdf", "PDF")])
def test_what_a_browser_cannot_draw_is_read_shown_and_lit_up(
    page: Page, site: Site, name: str, kind: str
) -> None:
    open_page(page, site)
    attach(page, {"name": name, "mimeType": "", "buffer": phone_photo(kind)})
    thumb = page.locator("#attachments img")
    expect(thumb).to_be_visible()
    if kind == "PDF":
        expect(page.locator("#attachments .note")).to_contain_text("2 页")
    reply = ask(page, "这是什么错误")
    expect(reply.locator(".markdown")).to_contain_text("ERR_CONNECTION_TIMED_OUT")
    sent = page.locator(".turn.user .pictures")
    if kind == "PDF":
        expect(sent).to_have_text("scan.pdf2 页")
    else:
        page.wait_for_function("document.querySelector('.turn.user .picture img').naturalWidth > 0")
    for reloaded in (False, True):
        if reloaded:
            page.reload()
        page.locator(".chip.seen").first.click()
        lit = page.locator(".lightbox .region.lit")
        expect(lit).to_be_visible()
        expect(page.locator(".lightbox .caption")).to_have_text(
            "错误代码 · ERR_CONNECTION_TIMED_OUT"
        )
        picture = page.locator(".lightbox .stage img")
        natural = picture.evaluate("(image) => image.naturalWidth / image.naturalHeight")
        assert abs(natural - 1366 / 768) < 0.01
        assert_covers_text(page)
        page.keyboard.press("Escape")


def assert_covers_text(page: Page) -> None:
    """The lit region lies over dark letters on a light ground in the picture that is shown."""
    darkest, lightest = page.evaluate("""() => {
        const image = document.querySelector(".lightbox .stage img");
        const mark = document.querySelector(".region.lit").style;
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        const of = (value, whole) => Math.round(parseFloat(value) / 100 * whole);
        const [left, width] = [mark.left, mark.width].map((one) => of(one, canvas.width));
        const [top, height] = [mark.top, mark.height].map((one) => of(one, canvas.height));
        const { data } = context.getImageData(left, top, width, height);
        const greys = data.filter((_, place) => place % 4 === 1);
        return [Math.min(...greys), Math.max(...greys)];
    }""")
    assert darkest < 140
    assert lightest > 230


def test_a_corrected_field_asks_again_with_the_right_value(page: Page, site: Site) -> None:
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    ask(page, "订单号是多少")
    number = page.get_by_label("订单号", exact=True)
    read = number.input_value()
    expect(page.get_by_role("button", name="按更正重新回答")).to_be_hidden()
    number.fill("QH202611090078127")
    with page.expect_request("**/api/chat") as sent:
        number.press("Enter")
    asked = json.loads(sent.value.post_data or "")["messages"][-1]["content"]
    assert "QH202611090078127" in asked
    assert read in asked
    expect(page.locator(".turn.user .bubble").last).to_contain_text("QH202611090078127")


def test_a_field_that_fails_its_check_is_marked(page: Page, site: Site) -> None:
    open_page(page, site)
    attach(page, SCREENS / "order.png")
    file = page.request.get(f"{site.url}/api/files").json()["data"][0]["id"]
    field = {
        "name": "order_number",
        "value": "QH1",
        "box": [1, 2, 30, 4],
        "confidence": 0.9,
        "valid": False,
    }
    answer(
        page,
        extras(
            reading=[{"image": file, "width": 100, "height": 50, "lines": [], "fields": [field]}]
        ),
        content("好"),
    )
    reply = ask(page, "订单号")
    expect(reply.locator(".fields .warning")).to_have_attribute("title", "校验未通过，请核对")


def test_an_answer_is_copied_as_it_was_written(page: Page, site: Site) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, site)
    answer(page, content("**好**"))
    reply = ask(page, "多少钱包邮")
    reply.locator(".copy").click()
    expect(reply.locator(".copy")).to_have_attribute("aria-label", "已复制")
    assert page.evaluate("navigator.clipboard.readText()") == "**好**"


def test_a_browser_that_lets_nothing_be_copied_is_no_silence(page: Page, site: Site) -> None:
    page.add_init_script(
        "document.execCommand = () => false; navigator.clipboard.writeText = () => Promise.reject()"
    )
    open_page(page, site)
    ask(page, "多少钱包邮").locator(".copy").click()
    expect(page.locator("#toast")).to_contain_text("不允许自动复制")


def test_an_answer_is_asked_for_again_in_its_place(page: Page, site: Site) -> None:
    open_page(page, site)
    ask(page, "多少钱包邮")
    answer(page, content("另一个"))
    page.locator(".regenerate").click()
    expect(page.locator(".turn.assistant .markdown")).to_have_text("另一个")
    expect(page.locator(".turn.user")).to_have_count(1)


def test_a_question_is_edited_and_resent_and_what_came_after_it_goes(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    ask(page, "多少钱包邮")
    ask(page, "保修期是多久")
    page.locator(".turn.user").first.hover()
    page.locator(".turn.user").first.locator(".edit").click()
    page.get_by_role("textbox", name="修改后重发").fill("退货流程是什么")
    page.keyboard.press("Enter")
    expect(page.locator(".turn.user .bubble")).to_have_text("退货流程是什么")
    expect(page.locator(".turn.assistant .chip").first).to_contain_text(
        "售后服务政策", timeout=READING
    )
    expect(page.locator(".turn.assistant .regenerate")).to_be_visible()
    page.reload()
    expect(page.locator(".turn.user .bubble")).to_have_text(["退货流程是什么"])


def test_an_answer_is_rated_with_a_reason_and_the_rating_stays(page: Page, site: Site) -> None:
    open_page(page, site)
    ask(page, "多少钱包邮")
    page.get_by_role("button", name="没帮助").click()
    page.get_by_role("dialog").get_by_role("button", name="条款不对").click()
    with page.expect_request("**/api/feedback") as sent:
        page.get_by_role("dialog").get_by_role("button", name="发送").click()
    given = json.loads(sent.value.post_data or "")
    assert (given["rating"], given["reason"]) == ("down", "条款不对")
    expect(page.locator(".rate-down")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator(".rate-down")).to_have_attribute("aria-pressed", "true")
    page.locator(".rate-up").click()
    expect(page.locator(".rate-up")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".rate-down")).to_have_attribute("aria-pressed", "false")


def test_a_desk_without_a_store_offers_neither_ratings_nor_a_person(page: Page, site: Site) -> None:
    configured(page, history="local")
    open_page(page, site)
    reply = ask(page, "多少钱包邮")
    expect(reply.locator(".rate-up")).to_have_count(0)
    expect(reply.locator(".handoff")).to_have_count(0)
    expect(reply.locator(".copy")).to_be_visible()


def test_markdown_comes_as_tables_code_and_links_that_open_safely(page: Page, site: Site) -> None:
    open_page(page, site)
    answer(
        page,
        content(
            "| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx = 1\n```\n\n"
            "[link](https://example.com)\n\n1. one\n2. two"
        ),
    )
    reply = ask(page, "多少钱包邮")
    expect(reply.locator(".markdown td")).to_have_text(["1", "2"])
    expect(reply.locator(".markdown pre")).to_have_text("x = 1\n")
    link = reply.locator(".markdown a")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")


def test_an_answer_that_grows_ends_as_one_that_came_whole(page: Page, site: Site) -> None:
    open_page(page, site)
    text = (
        "# 一\n\n- a\n- b\n\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n> q\n\n"
        "```\ncode\n\nmore\n```\n\n最后 **粗**\r\n行\n"
    )
    page.evaluate(
        """() => { for (const id of ["grown", "whole"])
            document.body.append(Object.assign(document.createElement("div"), { id })); }"""
    )
    page.evaluate(
        """async (text) => {
            const path = "/assets/js/render/markdown.js";
            const { MarkdownWriter, renderMarkdown } = await import(path);
            const writer = new MarkdownWriter(document.getElementById("grown"));
            for (let end = 1; end <= text.length; end += 1) writer.write(text.slice(0, end));
            renderMarkdown(document.getElementById("whole"), text);
        }""",
        text,
    )
    inner = "(id) => document.getElementById(id).innerHTML.replace(/\\s+/g, ' ').trim()"
    grown, whole = page.evaluate(inner, "grown"), page.evaluate(inner, "whole")
    assert grown.replace("> <", "><") == whole.replace("> <", "><")


def test_a_reader_of_the_screen_hears_an_answer_once(page: Page, site: Site) -> None:
    open_page(page, site)
    page.evaluate("""() => { window.said = []; new MutationObserver(() => {
        said.push(document.getElementById("announcer").textContent);
    }).observe(
        document.getElementById("announcer"),
        { childList: true, characterData: true, subtree: true },
    ); }""")
    long = "很长" * 400
    answer(page, *(content(word) for word in ["一", "二", "三", "**四**", long]))
    ask(page, "多少钱包邮")
    page.wait_for_function("() => window.said.length > 0")
    assert page.evaluate("said") == [f"回答完成: 一二三四{long}"]
    assert page.locator("#thread").get_attribute("aria-live") is None


def test_insert_into_ticket_is_offered_only_inside_a_ticket_system(page: Page, site: Site) -> None:
    open_page(page, site)
    reply = ask(page, "多少钱包邮")
    expect(reply.locator(".insert")).to_have_count(0)
    send(page, "")
    expect(page.locator(".turn.user")).to_have_count(1)
