"""The page's bytes and requests, counted by nginx; a long conversation is drawn from its end."""

import json
from typing import Any
from urllib.parse import urlsplit

import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.kit import AGENT, READING, Site, ask, open_page
from tests.support.servers import Running

MAX_BYTES = 150_000
MAX_REQUESTS = 25


def lines(site: Site) -> list[dict[str, object]]:
    """nginx's own log: everything that went over the wire, headers included."""
    return [json.loads(line) for line in (site.folder / "access.log").read_text().splitlines()]


def test_the_first_visit_is_small_and_comes_from_here_alone(browser: Browser, site: Site) -> None:
    # The password goes with every request: a first 401 would count as the page's weight.
    context = browser.new_context(http_credentials=AGENT | {"send": "always"}, locale="zh-CN")
    page = context.new_page()
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    before = len(lines(site))
    open_page(page, site)
    expect(page.locator("#history h2")).to_be_visible()
    page.wait_for_load_state("networkidle")
    asked = [line for line in lines(site)[before:] if line["status"] != 401]
    context.close()
    assert sum(int(str(line["bytes"])) for line in asked) <= MAX_BYTES
    assert len(asked) <= MAX_REQUESTS, [line["path"] for line in asked]
    assert {urlsplit(url).netloc for url in urls} == {urlsplit(site.url).netloc}


def test_a_visit_with_an_answer_is_still_small(page: Page, site: Site) -> None:
    before = len(lines(site))
    open_page(page, site)
    ask(page, "多少钱包邮")
    page.wait_for_load_state("networkidle")
    loaded = [
        line
        for line in lines(site)[before:]
        if line["status"] == 200 and not str(line["path"]).startswith("/api/")
    ]
    assert sum(int(str(line["bytes"])) for line in loaded) <= MAX_BYTES
    assert len(loaded) <= MAX_REQUESTS, [line["path"] for line in loaded]


def test_the_gateway_alone_sends_the_page_as_small_as_nginx_does(
    browser: Browser, desk: Running
) -> None:
    page = browser.new_page()
    sizes: dict[str, int] = {}
    page.on(
        "requestfinished",
        lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"]),
    )
    page.goto(desk.url + "/chat.html")
    expect(page.locator("#questions .ask").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.close()
    assert sum(sizes.values()) <= MAX_BYTES
    assert len(sizes) <= MAX_REQUESTS
    answer = requests.get(
        desk.url + "/assets/js/main.js", headers={"accept-encoding": "identity"}, timeout=5
    )
    assert "content-encoding" not in answer.headers


def test_a_thousand_messages_are_drawn_from_the_end_and_the_rest_as_one_scrolls_up(
    page: Page, site: Site
) -> None:
    summary = {
        "id": "c1",
        "object": "conversation",
        "title": "long",
        "created_at": 1,
        "updated_at": 1,
        "turns": 1000,
    }
    messages: list[dict[str, Any]] = [
        {
            "id": f"t{n}",
            "role": "assistant" if n % 2 else "user",
            "text": f"第 {n} 句",
            "files": [],
            "citations": [],
            "reading": [],
            "state": "done",
        }
        for n in range(1000)
    ]
    page.route(
        "**/api/conversations?**",
        lambda route: route.fulfill(json={"object": "list", "data": [summary], "has_more": False}),
    )
    page.route(
        "**/api/conversations/c1",
        lambda route: route.fulfill(json=summary | {"messages": messages}),
    )
    open_page(page, site)
    expect(page.locator(".turn .bubble").last).to_have_text("第 999 句")
    assert page.locator(".turn").count() < 60
    thread = page.locator("#thread")
    assert thread.evaluate("(one) => one.scrollHeight - one.scrollTop - one.clientHeight") < 2
    first = page.locator(".turn .bubble").first.text_content() or ""
    thread.evaluate("(one) => (one.scrollTop = 0)")
    expect(page.locator(".turn .bubble").first).not_to_have_text(first, timeout=READING)
    assert page.get_by_text(first, exact=True).count() == 1
    page.click("#to-bottom")
    expect(page.locator("#to-bottom")).to_be_hidden()
