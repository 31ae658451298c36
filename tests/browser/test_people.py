"""A conversation that is handed over to a person: what the customer sees, live."""

import json
import re
from typing import Any

import requests
from playwright.sync_api import Page, Route, expect

from tests.browser.kit import STAFF_KEY, Site, answer, ask, content, extras, open_page, send
from tests.support.chromium import Axe


def staff(site: Site, path: str, method: str = "POST", **body: Any) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {STAFF_KEY}"}
    url = f"{site.url}/api/desk/handoffs{path}"
    answered = requests.request(method, url, json=body or None, headers=headers, timeout=10)
    answered.raise_for_status()
    told: dict[str, Any] = answered.json()
    return told


def handed_over(page: Page, note: str = "客户很急") -> dict[str, Any]:
    """Asks for a person beside the last answer; returns the hand-over."""
    page.get_by_role("button", name="转人工").click()
    page.get_by_label("给客服的留言").fill(note)
    with page.expect_response("**/api/handoff") as answered:
        page.get_by_role("dialog").get_by_role("button", name="转人工").click()
    told: dict[str, Any] = answered.value.json()
    return told


def test_a_person_answers_in_the_thread_and_the_assistant_is_silent(
    page: Page, site: Site, axe: Axe
) -> None:
    open_page(page, site)
    ask(page, "多少钱包邮")
    handoff = handed_over(page)
    notices = page.locator(".handed")
    expect(notices).to_contain_text([f"已转人工编号 {handoff['number']}"])
    expect(page.get_by_role("button", name="转人工")).to_have_count(0)
    other = page.context.new_page()
    open_page(other, site)

    staff(site, f"/{handoff['id']}/claim")
    expect(notices).to_have_count(2)
    expect(notices.last).to_contain_text("Li 已接入")
    expect(page.locator("#question")).to_have_attribute("placeholder", "给客服 Li 留言…")
    staff(site, f"/{handoff['id']}/messages", text="您好 <img src=x onerror=alert(1)>")
    for tab in (page, other):
        message = tab.locator(".message")
        expect(message.locator(".bubble")).to_have_text("您好 <img src=x onerror=alert(1)>")
        expect(message).to_contain_text("Li人工客服")

    expect(page.locator("#history small").first).to_have_text(re.compile("^人工服务中 · "))
    assert axe(page) == []

    send(page, "订单 QH202611090078126")
    expect(other.locator(".turn.user .bubble").last).to_have_text("订单 QH202611090078126")
    expect(page.locator("#send")).to_have_text("发送")
    page.reload()
    expect(page.locator(".message")).to_be_visible()
    expect(page.locator(".turn.user")).to_have_count(2)
    expect(page.locator(".turn.assistant")).to_have_count(1)
    expect(page.locator(".failure:visible")).to_have_count(0)

    page.context.set_offline(True)
    staff(site, f"/{handoff['id']}/resolve", outcome="solved", note="ok")
    page.context.set_offline(False)
    expect(notices.last).to_contain_text("人工服务已结束", timeout=40_000)
    again = notices.last.locator(".tool.handoff")
    expect(again).to_have_text("转人工")
    ask(page, "保修期是多久")
    expect(again).to_be_hidden()
    expect(page.locator(".turn.assistant")).to_have_count(2)


def test_an_offered_person_is_one_tap_away_and_a_contact_is_asked_for_where_nobody_is_there(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    ask(page, "多少钱包邮")
    offer = extras(offer={"reason": "no_clause", "rule": ""}, outcome="no_clause")
    answer(page, content("没有这样的条款。"), offer)
    send(page, "你们老板是谁")
    notice: dict[str, Any] = {"type": "handoff", "handoff": "h", "number": 4821, "assignee": None}
    notice |= {"status": "missed", "cause": "missed", "is_staffed": True, "opens_at": None}
    notice |= {"outcome": None, "has_contact": False}

    told = [notice]

    def history(route: Route) -> None:
        turns = [
            {"id": f"n{at}", "role": "assistant", "text": "", "created_at": 1, "notice": one}
            for at, one in enumerate(told)
        ]
        route.fulfill(json={"id": "c", "title": "", "messages": turns})

    def take(route: Route) -> None:
        if "contact" in (route.request.post_data or ""):
            told.append(notice | {"cause": "contact", "has_contact": True})
        route.fulfill(json={"id": "h", "number": 4821})

    page.route("**/api/conversations/conversation-*", history)
    page.route("**/api/handoff", take)
    with page.expect_request("**/api/handoff") as sent:
        page.get_by_role("button", name="转人工").click()
    assert "note" not in (sent.value.post_data or "")
    page.get_by_label("留下手机或邮箱").fill("a@b.cn")
    with page.expect_request("**/api/handoff") as sent:
        page.get_by_role("button", name="提交").click()
    assert json.loads(sent.value.post_data or "")["contact"] == "a@b.cn"
    expect(page.locator(".handed").last).to_contain_text("已收到您的联系方式")
    expect(page.locator(".contact:visible")).to_have_count(0)
