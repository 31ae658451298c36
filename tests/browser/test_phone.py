"""The page on a phone: fingers, narrow screens, hints without a keyboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.kit import AGENT, READING, Site, answer, ask, attach, content, extras, open_page
from tests.support.paths import SCREENS

# What is pressed but too small for a finger: [label, width, height] in pixels.
SMALL = """[...document.querySelectorAll("button, summary, input, label.tool, textarea")]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest(".sidebar"))
    .filter((one) => !one.matches(".visually-hidden, .region"))
    .map((one) => [one.ariaLabel ?? one.textContent, one.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.width < 44 || box.height < 44))
    .map(([name, box]) => [name.trim(), box.width, box.height])"""
EIGHT = ["waybill", "invoice", "order", "payment-failed", "app-error", "browser-error"]
EIGHT += ["login-spinner", "browser-error-en"]


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
        http_credentials=AGENT,
    )
    yield context.new_page()
    context.close()


def test_common_questions_are_on_the_first_sight_of_a_phone(phone: Page, site: Site) -> None:
    open_page(phone, site)
    expect(phone.locator("#question")).to_have_attribute("placeholder", "描述问题，或添加截图…")
    expect(phone.locator(".keys")).to_be_hidden()
    phone.locator(".welcome .chip", has_text="多少钱包邮").tap()
    expect(phone.locator(".turn.assistant")).to_contain_text("79", timeout=READING)


def test_eight_attachments_are_all_seen_and_everything_is_large_enough_for_a_finger(
    phone: Page, site: Site
) -> None:
    open_page(phone, site)
    attach(phone, *(SCREENS / f"{name}.png" for name in EIGHT))
    expect(phone.locator("#attachments li")).to_have_count(8)
    for box in (one.bounding_box() for one in phone.locator("#attachments li").all()):
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 844
    is_cut = "(one) => one.scrollHeight > one.clientHeight"
    assert not phone.locator("#attachments").evaluate(is_cut)
    assert phone.evaluate(SMALL) == []
    for _ in range(7):
        phone.locator("#attachments .remove").first.tap()
    ask(phone, "这是什么？")
    assert phone.evaluate(SMALL) == []
    phone.locator("#menu").tap()
    in_sidebar = SMALL.replace('!one.closest(".sidebar")', 'one.closest(".sidebar")')
    assert phone.evaluate(in_sidebar) == []


CUT = """[...document.querySelectorAll(".fields :is(input, textarea)")]
    .filter((one) => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight)
    .map((one) => one.value)"""


def test_what_was_read_and_the_list_of_conversations_are_seen_whole(
    phone: Page, site: Site
) -> None:
    open_page(phone, site)
    attach(phone, SCREENS / "waybill.png")
    ask(phone, "运单号和订单号是多少？")
    expect(phone.get_by_label("物流记录", exact=True).first).to_have_value(
        "2026-11-20 18:42 快件已到达成都转运中心"
    )
    assert phone.evaluate(CUT) == []
    phone.locator("#menu").tap()
    expect(phone.locator("#history small").first).to_be_visible()
    about = phone.locator("#history small").first.bounding_box()
    rename = phone.locator("#history .rename").first.bounding_box()
    assert about is not None
    assert rename is not None
    assert about["x"] + about["width"] <= rename["x"]


TABLE = """
| 类目 | 七天无理由 | 质量问题 | 运费承担 | 需要的凭证 | 备注 |
| --- | --- | --- | --- | --- | --- |
| 空气净化器 | 未拆封 | 十五天 | 买家 | 订单号 QH202611090078126 | 耗材 |
"""


def test_notices_citations_tables_and_pictures_use_the_width_of_a_phone(
    phone: Page, site: Site
) -> None:
    open_page(phone, site)
    is_cut = "(one) => one.scrollWidth > one.clientWidth"
    expect(phone.locator("#engine")).to_contain_text("不是大语言模型")
    assert not phone.locator("#engine").evaluate(is_cut)
    attach(phone, SCREENS / "waybill.png")
    clause = {"id": "a", "title": "App 与网站故障排查 · 支付失败：PAY-4031", "clause": "3.1"}
    answer(phone, extras(citations=[clause | {"text": "换一张卡。"}]), content(TABLE))
    ask(phone, "怎么退换？")
    assert not phone.locator(".citations .chip span").evaluate(is_cut)
    number = phone.get_by_role("cell", name="QH202611090078126")
    lines = "(one) => one.getClientRects().length && one.clientHeight"
    assert number.evaluate(lines) < 80  # two lines; letter by letter it had nine
    phone.locator(".turn.user .picture").tap()
    frame, body = (phone.locator(f".lightbox .{name}").bounding_box() for name in ("frame", "body"))
    assert frame is not None
    assert body is not None
    assert frame["width"] == body["width"]
