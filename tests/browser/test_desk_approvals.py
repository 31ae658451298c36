"""Actions that wait for staff: approved, edited, rejected and settled on the staff's page."""

import json
import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.desk_kit import open_desk, row, waiting
from tests.browser.kit import Scheme
from tests.browser.test_phone import SMALL
from tests.support.action_desk import action
from tests.support.business import Business
from tests.support.chromium import Axe
from tests.support.servers import Running
from tests.support.visitor import Visitor

CANCEL, MOVE = "QH202611240061905", "QH202611180009314"


@pytest.fixture(autouse=True)
def fresh(business: Business) -> None:
    business.reset()


def proposed(desk: Running, question: str) -> tuple[Visitor, str]:
    """(the customer, the conversation) of a question that makes the assistant propose."""
    customer = Visitor(desk.url)
    return customer, str(customer.ask(question)["conversation"])


def notices(customer: Visitor, conversation: str) -> list[str]:
    return [one["text"] for one in customer.turns(conversation) if one.get("notice")]


def test_what_is_approved_is_done_and_the_history_tells_by_whom(
    page: Page, staffed: Running, business: Business
) -> None:
    proposed(staffed, f"取消订单 {CANCEL}")
    open_desk(page, staffed, "#/approvals")
    row(page, CANCEL).locator("a").click()
    card = page.locator(".action-card")
    expect(card.locator("h2")).to_have_text("取消订单")
    expect(card.locator("dd")).to_have_text([CANCEL])
    expect(page.locator(".beside .said").first).to_contain_text("取消订单")
    card.get_by_role("button", name="批准", exact=True).click()
    expect(card.locator(".state")).to_have_text(re.compile(r"^已完成。.*（demo 决定）$"))
    expect(card.get_by_role("button")).to_have_count(0)
    expect(row(page, CANCEL)).to_have_count(0)
    expect(page.locator(".audit li strong")).to_have_text(["助手", "demo", "系统", "系统"])
    assert business.get(f"/orders/{CANCEL}", user="demo")["state"] == "cancelled"


def test_a_wrong_edit_is_told_at_its_field_and_a_right_one_is_done_as_edited(
    page: Page, staffed: Running, business: Business
) -> None:
    proposed(staffed, f"把订单 {MOVE} 的收货地址改为北京市海淀区中关村大街1号")
    open_desk(page, staffed, "#/approvals")
    row(page, MOVE).locator("a").click()
    card = page.locator(".action-card")
    expect(card.locator("del")).to_contain_text("文三路 90 号")
    expect(card.locator("ins")).to_contain_text("中关村大街1号")
    card.get_by_role("button", name="修改后批准").click()
    order, address = card.get_by_label("订单号"), card.get_by_label("新的收货地址")
    expect(order).to_be_focused()
    expect(card.locator(".edit .hint")).to_have_count(0)  # nothing is masked
    order.fill("QH1")
    card.get_by_role("button", name="按修改批准").click()
    expect(order).to_have_attribute("aria-invalid", "true")
    expect(card.locator("#argument-order-problem")).to_have_text("“QH1”的格式不对")
    expect(address).to_have_attribute("aria-invalid", "false")
    order.fill(MOVE)
    address.fill("北京市海淀区中关村大街 27 号")
    card.get_by_role("button", name="按修改批准").click()
    expect(card.locator(".state")).to_have_text(re.compile("^已完成"))
    expect(page.locator(".audit")).to_contain_text("中关村大街 27 号")
    assert "27" in business.get(f"/orders/{MOVE}", user="demo")["address"]


def test_a_rejection_needs_a_reason_and_the_customer_is_told_it(
    page: Page, staffed: Running, business: Business
) -> None:
    customer, conversation = proposed(staffed, f"取消订单 {CANCEL}")
    open_desk(page, staffed, "#/approvals")
    row(page, CANCEL).locator("a").click()
    reject = page.get_by_role("button", name="拒绝")
    reject.click()
    submit = page.get_by_role("dialog").get_by_role("button", name="拒绝")
    submit.click()
    expect(page.locator(".case-problem")).to_have_text("请写明原因，客户会看到。")
    reject.click()
    page.get_by_label("原因（客户会看到").fill("已经在打包了")
    expect(submit).to_have_text("拒绝")
    submit.click()
    expect(page.locator(".action-card .state")).to_contain_text("已经在打包了")
    expect(page.locator(".action-card h2")).to_be_focused()  # its buttons are gone
    expect(row(page, CANCEL)).to_have_count(0)
    assert "已经在打包了" in notices(customer, conversation)[-1]
    assert business.get(f"/orders/{CANCEL}", user="demo")["state"] == "paid"


def unclear(page: Page) -> list[dict[str, Any]]:
    """Puts an action with an unknown result before the page. Returns what it sends to settle it."""
    shown = action(by="staff", status="unknown", conversation_id=None)
    sent: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        url = route.request.url
        if route.request.method == "POST":
            sent.append(json.loads(route.request.post_data or "{}"))
            shown["status"] = "done"
        if "/audit" in url:
            step = {"who": "gateway", "from": "running", "to": "unknown", "reason": "timeout"}
            route.fulfill(json=[{"time": int(time.time()), "action": "act-1", **step}])
        elif "/act-1" in url:
            route.fulfill(json=shown)
        else:
            is_asked = f"status={shown['status']}" in url
            route.fulfill(json={"data": [shown] if is_asked else []})

    page.route(re.compile("/api/desk/(actions|audit)"), answer)
    return sent


def test_an_unclear_result_is_settled_with_a_note(page: Page, staffed: Running) -> None:
    sent = unclear(page)
    open_desk(page, staffed, "#/approvals/unknown")
    expect(page.locator("[data-view=approvals] .count")).to_have_text("1")
    row(page, "申请红字发票").locator("a").click()
    expect(page.locator(".action-card button:visible")).to_have_text(["核实结果…"])
    expect(page.locator(".audit")).to_contain_text("timeout")
    page.get_by_role("button", name="核实结果").click()
    page.get_by_label("已经办理").check()
    page.get_by_label("如何核实的").fill("后台已有红字发票")
    page.get_by_role("dialog").get_by_role("button", name="核实结果").click()
    expect(page.locator(".action-card .state")).to_contain_text("已完成")
    assert sent == [{"outcome": "done", "note": "后台已有红字发票"}]


def test_no_script_approves(page: Page, staffed: Running) -> None:
    proposed(staffed, f"取消订单 {CANCEL}")
    open_desk(page, staffed, "#/approvals")
    row(page, CANCEL).locator("a").click()
    approve = page.locator("[data-step=approve]")
    expect(approve).to_be_visible()
    approve.evaluate("(button) => button.click()")
    page.wait_for_timeout(300)
    expect(approve).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "scheme", "width"), [("zh-CN", "light", 1366), ("en", "dark", 390)]
)
def test_the_approvals_are_accessible(
    browser: Browser, staffed: Running, axe: Axe, locale: str, scheme: Scheme, width: int
) -> None:
    proposed(staffed, f"取消订单 {CANCEL}")
    context = browser.new_context(
        viewport={"width": width, "height": 768},
        locale=locale,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    open_desk(page, staffed, "#/approvals")
    row(page, CANCEL).first.locator("a").click()
    expect(page.locator(".beside .said").first).to_be_visible()
    expect(page.locator(".audit li").first).to_be_visible()
    assert axe(page) == []
    page.locator("[data-step=edit]").click()
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("[data-step=edit]")).to_be_visible()
    page.locator("[data-step=reject]").click()
    assert axe(page) == []
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth > innerWidth") is False
    context.close()


def test_what_staff_press_is_large_enough_for_a_finger(browser: Browser, staffed: Running) -> None:
    proposed(staffed, f"取消订单 {CANCEL}")
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, locale="zh-CN"
    )
    page = context.new_page()
    open_desk(page, staffed, "#/approvals")
    pressed = SMALL.replace('"button,', '"a:not(.skip), button,')
    expect(page.locator(".filters a").first).to_be_visible()
    assert page.evaluate(pressed) == []
    row(page, CANCEL).first.locator("a").tap()
    page.locator("[data-step=edit]").tap()
    expect(page.locator(".edit input").first).to_be_visible()
    assert page.evaluate(pressed) == []
    one = waiting(staffed, "退货运费谁承担？")
    open_desk(page, staffed, f"#/inbox/open/{one.id}")
    page.locator(".facts-toggle").tap()
    expect(page.locator(".ready summary").first).to_be_visible()
    assert page.evaluate(pressed) == []
    context.close()
