"""What the page shows of how an answer was judged, and the company's own voice."""

import json

from playwright.sync_api import Page, expect

from tests.browser.kit import (
    Site,
    answer,
    ask,
    attach,
    configured,
    content,
    extras,
    open_page,
    without_store,
)
from tests.support.paths import SCREENS

CLAUSES = [
    {"id": "after-sales-3.2", "title": "售后服务政策 · 退货流程", "clause": "3.2"},
    {"id": "after-sales-3.5", "title": "售后服务政策 · 退款时效", "clause": "3.5"},
]


def test_a_suggested_clause_is_asked_for_with_one_tap(page: Page, site: Site) -> None:
    open_page(page, site)
    answer(page, extras(suggestions=CLAUSES, outcome="clarify"), content("您是不是想问？"))
    chips = ask(page, "退").locator(".suggestions .chip")
    expect(chips).to_have_text(
        ["售后服务政策 · 退货流程 第 3.2 条", "售后服务政策 · 退款时效 第 3.5 条"]
    )
    with page.expect_request("**/api/chat") as sent:
        chips.last.click()
    asked = json.loads(sent.value.post_data or "")["messages"][-1]["content"]
    assert asked == "售后服务政策 · 退款时效 第 3.5 条"


def test_suggestions_stay_after_further_questions_and_a_reload_and_are_introduced_once(
    page: Page, site: Site
) -> None:
    without_store(page)
    open_page(page, site)
    told = "您想问的是“售后服务政策 · 退货流程”吗？"
    answer(page, extras(suggestions=CLAUSES[:1], outcome="clarify"), content(told))
    ask(page, "退")
    answer(page, content("好"))
    ask(page, "谢谢")
    page.reload()
    suggestions = page.locator(".turn.assistant").first.locator(".suggestions")
    expect(suggestions.locator(".chip")).to_have_text(["售后服务政策 · 退货流程 第 3.2 条"])
    expect(suggestions.locator("p")).to_have_count(0)


def test_what_no_source_supports_is_marked_in_the_text_and_named_below_it(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    grounding = {"supported": False, "unsupported": ["30 天", "¥88.00"]}
    answer(page, content("**30 天**内退款 ¥88.00，共 30 天。"), extras(grounding=grounding))
    reply = ask(page, "多久退款")
    expect(reply.locator("mark.unsupported")).to_have_text(["30 天", "¥88.00", "30 天"])
    expect(reply.locator(".ungrounded")).to_contain_text("30 天、¥88.00")


def test_a_supported_answer_has_no_mark(page: Page, site: Site) -> None:
    open_page(page, site)
    grounding = {"supported": True, "unsupported": []}
    answer(page, content("7 天内退款。"), extras(grounding=grounding, outcome="answered"))
    reply = ask(page, "多久退款")
    expect(reply.locator(".bubble")).to_have_text("7 天内退款。")
    expect(reply.locator(".ungrounded")).to_be_hidden()
    expect(reply.locator("mark")).to_have_count(0)


def uploaded(page: Page, site: Site) -> str:
    attach(page, SCREENS / "order.png")
    return str(page.request.get(f"{site.url}/api/files").json()["data"][0]["id"])


def test_the_card_says_what_kind_of_paper_it_is_and_shows_every_field(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    file = uploaded(page, site)
    fields = [{"name": "item", "value": f"商品 {number}", "confidence": 1} for number in range(15)]
    reading = {"image": file, "width": 9, "height": 9, "kind": "invoice", "fields": fields}
    answer(page, extras(reading=[reading]), content("好"))
    card = ask(page, "这张发票").locator(".fields")
    expect(card.locator("h2")).to_have_text("发票")
    expect(card.locator("input:visible")).to_have_count(12)
    card.get_by_role("button", name="显示全部 15 项").click()
    expect(card.locator("input:visible")).to_have_count(15)


def test_scans_of_a_parcel_are_named_once_and_the_newest_is_no_second_status(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    file = uploaded(page, site)
    scans = ["11-23 08:05 已从成都发出", "11-22 21:10 已到达成都", "11-20 19:30 已揽收"]
    told = [("status", "运输中"), ("status", "已从成都发出"), *(("event", one) for one in scans)]
    fields = [{"name": name, "value": value, "confidence": 1} for name, value in told]
    reading = {"image": file, "width": 9, "height": 9, "kind": "waybill", "fields": fields}
    answer(page, extras(reading=[reading]), content("好"))
    card = ask(page, "到哪了").locator(".fields")
    expect(card.locator("dt span:not(.visually-hidden)")).to_have_text(["状态", "物流记录"])
    inputs = card.locator("input, textarea")
    expect(inputs).to_have_count(4)
    assert inputs.evaluate_all("all => all.map(one => one.value)") == ["运输中", *scans]


def test_every_value_has_its_name_beside_it_where_there_are_two_columns(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    file = uploaded(page, site)
    told = [("amount", "¥1"), ("item", "空气净化器"), ("item", "滤芯")]
    fields = [{"name": name, "value": value, "confidence": 1} for name, value in told]
    reading = {"image": file, "width": 9, "height": 9, "kind": "invoice", "fields": fields}
    answer(page, extras(reading=[reading]), content("好"))
    card = ask(page, "这张发票").locator(".fields")
    expect(card.locator("dt span:not(.visually-hidden)")).to_have_text(["金额", "项目", "项目"])


def test_a_long_value_is_corrected_with_enter_and_stays_one_line(page: Page, site: Site) -> None:
    open_page(page, site)
    file = uploaded(page, site)
    was = "2026-11-20 18:42 快件已到达成都转运中心"
    fields = [{"name": "event", "value": was, "confidence": 1}]
    reading = {"image": file, "width": 9, "height": 9, "kind": "waybill", "fields": fields}
    answer(page, extras(reading=[reading]), content("好"))
    ask(page, "到哪了")
    page.get_by_label("物流记录", exact=True).fill("2026-11-20\n 18:42 快件已到达重庆")
    answer(page, content("好"))
    with page.expect_request("**/api/chat") as sent:
        page.keyboard.press("Enter")
    [correction] = json.loads(sent.value.post_data or "{}")["corrections"]
    assert correction["value"] == "2026-11-20 18:42 快件已到达重庆"


def test_a_picture_that_cannot_be_read_says_what_to_do(page: Page, site: Site) -> None:
    open_page(page, site)
    file = uploaded(page, site)
    reading = {"image": file, "width": 9, "height": 9, "legible": False, "fields": []}
    answer(page, extras(reading=[reading], outcome="clarify"), content("看不清"))
    expect(ask(page, "单号").locator(".partial")).to_contain_text("请拍近一些")


def test_a_correction_is_sent_as_a_value_and_not_only_as_words(page: Page, site: Site) -> None:
    open_page(page, site)
    file = uploaded(page, site)
    ask(page, "订单号是多少")
    number = page.get_by_label("订单号", exact=True)
    read = number.input_value()
    number.fill("QH202611090078127")
    with page.expect_request("**/api/chat") as sent:
        number.press("Enter")
    corrections = json.loads(sent.value.post_data or "")["corrections"]
    value = "QH202611090078127"
    assert corrections == [{"image": file, "name": "order_number", "value": value, "was": read}]


def test_the_company_greets_by_its_own_name_and_words(page: Page, site: Site) -> None:
    both = {"zh-CN": "小青", "en": "Qing"}
    configured(
        page,
        assistant={
            "is_own": True,
            "name": both,
            "greeting": {"zh-CN": "您好，我是青禾的小青", "en": "Hello"},
            "logo": None,
            "accent": "#7a3fa0",
            "starters": [{"text": {"zh-CN": "怎么退货", "en": "How to return"}, "picture": None}],
        },
    )
    open_page(page, site)
    expect(page.locator("#brand")).to_have_text("小青")
    expect(page.locator(".welcome h2")).to_have_text("您好，我是青禾的小青")
    answer(page, content("这样退货。"))
    page.get_by_role("button", name="怎么退货", exact=True).click()
    expect(page.locator(".turn.assistant .bubble")).to_have_text("这样退货。")
    accent = "getComputedStyle(document.querySelector('.new')).backgroundColor"
    assert "0.4" in str(page.evaluate(accent)) or "122, 63, 160" in str(page.evaluate(accent))
