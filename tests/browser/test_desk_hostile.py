"""Markup in what customers and staff write stays text on the staff's page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk_kit import as_staff, open_desk
from tests.support.servers import Running
from tests.support.visitor import Visitor

PAYLOAD = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>{{7*7}}'


@pytest.fixture
def judged(staffed: Running) -> str:
    """The text of a correction of an answer that was rated down, all of it markup."""
    customer = Visitor(staffed.url)
    conversation = customer.ask(f"退货要多久 {PAYLOAD}")["conversation"]
    answer = customer.turns(conversation)[-1]["id"]
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
