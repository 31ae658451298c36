"""The page without a network, with a damaged storage, and with a very long answer."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kit import (
    READING,
    Site,
    answer,
    ask,
    content,
    error,
    open_page,
    send,
    told_slowly,
    without_store,
)

LONG = "\n\n".join(f"第 {number} 段" for number in range(80))


@pytest.mark.parametrize("how", ["the network", "the server"])
def test_the_list_of_conversations_stays_while_one_is_offline_and_comes_back(
    page: Page, site: Site, how: str
) -> None:
    open_page(page, site)
    for question in ("多少钱包邮", "保修期是多久"):
        ask(page, question)
        page.click("#new-conversation")
    listed = page.locator("#history .past")
    expect(listed).to_have_text(["保修期是多久", "多少钱包邮"])
    if how == "the network":
        page.context.set_offline(True)
    else:
        refusal = error("upstream_unavailable")
        page.route("**/api/conversations**", lambda route: route.fulfill(status=503, json=refusal))
    page.click("#locale")  # asks for the list again
    expect(page.locator("#history .wrong")).to_contain_text("This list may be out of date")
    expect(listed).to_have_text(["保修期是多久", "多少钱包邮"])
    page.fill("#search", "包邮")
    expect(listed).to_have_text(["多少钱包邮"])
    page.fill("#search", "")
    expect(listed).to_have_count(2)
    if how == "the network":
        page.context.set_offline(False)
    else:
        page.unroute("**/api/conversations**")
    expect(page.locator("#history .wrong")).to_have_count(0, timeout=READING)
    expect(listed).to_have_count(2)


DAMAGED = [
    "{",
    "7",
    "null",
    '"text"',
    "[null, 7, {}]",
    '{"conversation": {}, "draft": 7, "answers": 3, "unsent": {"a": {}}}',
]


@pytest.mark.parametrize("kept", ["server", "local"])
@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_damaged_storage_breaks_nothing(page: Page, site: Site, kept: str, damaged: str) -> None:
    keys = [
        "sightdesk.tab",
        "sightdesk.conversations",
        "sightdesk.shut",
        "sightdesk.theme",
        "sightdesk.locale",
    ]
    page.add_init_script(
        f"""if (!sessionStorage.damaged) for (const key of {json.dumps(keys)})
            for (const storage of [localStorage, sessionStorage])
                storage.setItem(key, {json.dumps(damaged)});
        sessionStorage.damaged = "1";"""
    )
    if kept == "local":
        without_store(page)
    open_page(page, site)
    expect(page.locator("#questions .ask").first).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    ask(page, "多少钱包邮")
    page.reload()
    expect(page.locator(".turn.user .bubble")).to_have_text("多少钱包邮")


@pytest.mark.parametrize("broken", ["full", "disabled"])
def test_a_storage_that_takes_nothing_breaks_nothing(page: Page, site: Site, broken: str) -> None:
    page.add_init_script(
        """Storage.prototype.setItem = () => {
            throw new DOMException("full", "QuotaExceededError"); };"""
        if broken == "full"
        else """for (const name of ["localStorage", "sessionStorage"])
            Object.defineProperty(window, name, {
                get() { throw new DOMException("no", "SecurityError"); } });"""
    )
    open_page(page, site)
    ask(page, "多少钱包邮")
    page.click("#theme")
    page.click("#locale")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".turn.user .bubble")).to_have_text("多少钱包邮")


def top_of(page: Page, selector: str) -> float:
    """Pixels below the thread's upper edge."""
    return float(
        page.evaluate(
            """selector => [...document.querySelectorAll(selector)].at(-1).getBoundingClientRect().top
            - document.getElementById("thread").getBoundingClientRect().top""",
            selector,
        )
    )


@pytest.mark.parametrize("pieces", [1, 40], ids=["at once", "piece by piece"])
def test_a_long_answer_is_shown_from_its_top(page: Page, site: Site, pieces: int) -> None:
    open_page(page, site)
    for _ in range(3):
        ask(page, "多少钱包邮")
    size = -(-len(LONG) // pieces)
    answer(page, *(content(LONG[start : start + size]) for start in range(0, len(LONG), size)))
    ask(page, "说得长一点")
    expect(page.locator(".turn.assistant").last).to_contain_text("第 79 段")
    assert 0 <= top_of(page, ".turn.user .bubble") < 60  # its question, too
    assert top_of(page, ".turn.assistant") < 200
    expect(page.locator("#to-bottom")).to_be_visible()
    page.click("#to-bottom")
    expect(page.locator("#to-bottom")).to_be_hidden()


def test_where_a_reader_scrolls_while_an_answer_grows_is_where_one_stays(
    page: Page, site: Site
) -> None:
    open_page(page, site)
    for _ in range(4):
        ask(page, "多少钱包邮")
    half = len(LONG) // 2
    with told_slowly(
        page, content("开始\n\n"), 1.0, content(LONG[:half]), 1.0, content(LONG[half:])
    ):
        send(page, "说得长一点")
        expect(page.locator(".turn.assistant .markdown").last).to_contain_text("开始")
        page.locator("#thread").evaluate("thread => (thread.scrollTop = 40)")
        expect(page.locator(".turn.assistant").last).to_contain_text("第 79 段", timeout=READING)
        expect(page.locator("#send")).to_have_text("发送")
    assert page.locator("#thread").evaluate("thread => thread.scrollTop") == 40


def test_a_short_answer_is_shown_whole(page: Page, site: Site) -> None:
    open_page(page, site)
    for _ in range(4):
        ask(page, "多少钱包邮")
    thread = page.locator("#thread")
    assert thread.evaluate("(one) => one.scrollHeight - one.scrollTop - one.clientHeight") < 2
