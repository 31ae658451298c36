"""Text from and to a host never becomes script: injections by message and in notes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, Request, expect

from tests.browser.test_hostile import EVERY
from tests.embedding.kit import entered, request
from tests.support.servers import Running

GUARD = """window.hits = [];
for (const name of ["alert", "prompt", "confirm", "print", "open"])
    window[name] = (...words) => void hits.push([name, ...words].join(" "));
Object.defineProperty(window, "hit", { set() { hits.push("hit"); } });"""
# Many payloads wait to be moved over or pressed.
PROVOKE = """() => { for (const one of document.querySelectorAll(".thread *, .top *, .notes *"))
    for (const type of ["mouseover", "mouseenter", "focus", "drag", "animationend", "toggle"])
        one.dispatchEvent(new Event(type, { bubbles: true })); }"""
HANDLERS = """[...document.querySelectorAll("body *")].flatMap((one) => [...one.attributes])
    .filter((one) => one.name.startsWith("on")).length"""


@pytest.fixture(autouse=True)
def nothing_runs_and_nothing_is_loaded(page: Page, host: str, gateway: Running) -> Iterator[None]:
    outside: list[str] = []
    page.add_init_script(GUARD)

    def note(one: Request) -> None:
        if not one.url.startswith(("http://localhost:", gateway.url, "data:", "blob:")):
            outside.append(one.url)

    page.on("request", note)
    yield
    for frame in page.frames:
        frame.evaluate(PROVOKE)
    page.wait_for_timeout(200)
    for frame in page.frames:
        assert frame.evaluate("hits") == []
        assert frame.evaluate(HANDLERS) == 0
    assert outside == []


def test_as_the_hosts_context(page: Page, host: str, gateway: Running) -> None:
    desk = entered(page, host, gateway)
    for start in range(0, len(EVERY), 200):
        some = EVERY[start : start + 200]
        messages = [
            {"role": ("user", "assistant")[n % 2], "text": text} for n, text in enumerate(some)
        ]
        assert request(page, "set-context", {"messages": messages}) == "ack"
        page.frames[1].wait_for_function(
            """(count) => { document.getElementById("thread").scrollTop = 0;
            document.querySelector(".earlier")?.click();
            return document.querySelectorAll(".turn").length === count; }""",
            arg=len(some),
        )
        assert desk.locator(".turn.user .bubble").all_text_contents() == some[::2]


@pytest.mark.timeout(400)  # every text in two places: two minutes beside other browsers
def test_as_the_guests_name_and_as_words_to_send(page: Page, host: str, gateway: Running) -> None:
    desk = entered(page, host, gateway)
    for payload in EVERY:
        assert request(page, "set-user", {"name": payload[:128]}) == "ack"
        assert desk.locator(".host-user").text_content() == payload[:128]
        assert request(page, "prefill", {"text": payload}) == "ack"
        assert desk.locator("#question").input_value() == payload


def test_as_what_the_host_answers(page: Page, host: str, gateway: Running) -> None:
    """A nack's reason is the host's own words, and is shown."""
    desk = entered(page, host, gateway)
    assert request(page, "ask", {"text": "多少钱包邮"}) == "ack"
    desk.get_by_role("button", name="插入工单").click(timeout=60_000)
    asked = page.wait_for_function(
        "() => heard.find((one) => one.type === 'insert-reply')?.requestId"
    ).json_value()
    for payload in EVERY:
        page.evaluate(
            "([requestId, reason]) => post({ type: 'nack', requestId, payload: { reason } })",
            [asked, payload],
        )
        expect(desk.locator("#toast")).to_have_text(
            f"没有写入工单：{payload[:200]}", use_inner_text=False
        )


def test_as_a_note_in_the_ticket(page: Page, tickets: str) -> None:
    for payload in EVERY[:300]:
        note: dict[str, Any] = {
            "text": payload,
            "citations": [{"id": payload, "title": payload, "clause": payload, "text": payload}],
            "fields": [{"name": payload, "value": payload}],
        }
        assert (
            requests.post(f"{tickets}/api/tickets/1041/notes", json=note, timeout=5).status_code
            == 201
        )
    page.goto(f"{tickets}/#1041")
    expect(page.locator(".note")).to_have_count(300)
    assert page.locator(".note dd").all_text_contents() == EVERY[:300]
    titles = page.locator(".note .citations li").evaluate_all("all => all.map((one) => one.title)")
    assert json.dumps(titles) == json.dumps(EVERY[:300])
