"""Markup in what customers and staff write, and in their names, stays text on both pages."""

from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from gateway.auth.proxied_user import headers_for_nginx
from tests.browser.desk_kit import as_staff, open_desk, row
from tests.browser.kit import ask
from tests.support.access import nginx
from tests.support.servers import Running
from tests.support.visitor import Visitor

PAYLOAD = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>{{7*7}}'


def answer_to(customer: Visitor, question: str) -> str:
    """The id of the answer."""
    conversation = customer.ask(question)["conversation"]
    return str(customer.turns(conversation)[-1]["id"])


@pytest.fixture
def judged(staffed: Running) -> str:
    """The text of a correction of an answer that was rated down, all of it markup."""
    customer = Visitor(staffed.url)
    answer = answer_to(customer, f"退货要多久 {PAYLOAD}")
    rating = {"answer": answer, "rating": "down", "reason": PAYLOAD}
    customer.call("POST", "/api/feedback", json=rating).raise_for_status()
    text = f"七天。{PAYLOAD}"
    correction = {"answer": answer, "text": text, "questions": [f"退货几天 {PAYLOAD}"]}
    as_staff(staffed, "anna", "corrections", **correction)
    return text


def test_reasons_and_corrections_stay_words(page: Page, staffed: Running, judged: str) -> None:
    open_desk(page, staffed, "#/quality/down")
    item = page.locator(".worklist > li").first
    expect(item).to_contain_text(PAYLOAD)
    item.get_by_role("button", name="查看会话").click()
    expect(page.get_by_role("dialog").locator(".said").first).to_contain_text("<img")
    page.keyboard.press("Escape")
    page.goto(f"{staffed.url}/desk.html#/quality/corrections")
    expect(page.locator(".worklist > li").first).to_contain_text(judged)
    page.goto(f"{staffed.url}/desk.html#/figures")
    expect(page.locator(".report")).to_contain_text(PAYLOAD)
    assert page.evaluate("window.broken") is None
    assert page.locator('img[src="x"]').count() == 0


def as_hostile(desk: Running, path: str, **body: Any) -> None:
    """What a member of staff does whom the identity provider calls PAYLOAD."""
    headers = nginx() | headers_for_nginx(PAYLOAD, is_staff=True)
    url = f"{desk.url}/api/desk/{path}"
    requests.post(url, headers=headers, json=body, timeout=20).raise_for_status()


def test_names_stay_words(page: Page, staffed: Running) -> None:
    page.goto(staffed.url + "/chat.html")
    ask(page, "发票抬头可以改吗")
    page.get_by_role("button", name="转人工").click()
    with page.expect_response("**/api/handoff") as answered:
        page.get_by_role("dialog").get_by_role("button", name="转人工").click()
    handoff = answered.value.json()
    as_hostile(staffed, f"handoffs/{handoff['id']}/claim")
    as_hostile(staffed, f"handoffs/{handoff['id']}/messages", text="您好")
    expect(page.locator(".handed").last).to_contain_text(PAYLOAD)
    expect(page.locator(".message .name")).to_have_text(PAYLOAD)
    assert page.evaluate("window.broken") is None
    assert page.locator('img[src="x"]').count() == 0

    answer = answer_to(Visitor(staffed.url), "发票抬头可以改吗")
    as_hostile(staffed, "corrections", answer=answer, text="可以改。")
    open_desk(page, staffed, f"#/inbox/claimed/{handoff['id']}")
    expect(row(page, f"#{handoff['number']}").locator(".who")).to_have_text(PAYLOAD)
    expect(page.locator(".said .author", has_text=PAYLOAD)).to_be_visible()
    page.goto(f"{staffed.url}/desk.html#/quality/corrections")
    expect(page.locator(".worklist")).to_contain_text(PAYLOAD)
    assert page.evaluate("window.broken") is None
    assert page.locator('img[src="x"]').count() == 0
