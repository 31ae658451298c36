"""Who may use an embedded desk: tokens, origins, frames, cookies."""

import pytest
import requests
from playwright.sync_api import Page, Request, expect

from tests.embedding.kit import GOOD, entered, event, frame, mint, request
from tests.support.chromium import Axe
from tests.support.servers import Running


def test_before_a_token_the_page_does_nothing_and_says_so(
    page: Page, host: str, gateway: Running
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    desk = frame(page, host, gateway)
    for type, payload in GOOD.items():
        assert request(page, type, payload) == "not_initialised"
    expect(desk.locator(".desk")).to_be_hidden()
    assert not [url for url in asked if url.startswith(gateway.url + "/api/")]


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "sk-tickets"])
def test_a_token_that_is_none_opens_nothing(
    page: Page, host: str, gateway: Running, token: str
) -> None:
    frame(page, host, gateway)
    assert request(page, "init", {"token": token}) == "invalid_token"
    assert request(page, "prefill", {"text": "a"}) == "not_initialised"


def test_a_wrong_origin_is_ignored_whatever_it_says(
    page: Page, host: str, other_host: str, gateway: Running
) -> None:
    token = mint(gateway, host)
    desk = frame(page, other_host, gateway)
    assert request(page, "init", {"token": token}, ms=1500) == "silence"
    assert request(page, "prefill", {"text": "mine"}, ms=1000) == "silence"
    expect(desk.locator(".desk")).to_be_hidden()
    # The same with the token in the address: nothing opens there, nothing is heard.
    desk = frame(page, other_host, gateway, f"#token={token}")
    assert request(page, "prefill", {"text": "mine"}, ms=1000) == "silence"
    expect(desk.locator("#question")).not_to_have_value("mine")


def test_a_window_that_is_not_the_parent_is_ignored(
    page: Page, host: str, gateway: Running
) -> None:
    desk = entered(page, host, gateway)
    message = {
        "source": "sightdesk",
        "version": 1,
        "type": "prefill",
        "requestId": "x",
        "payload": {"text": "mine"},
    }
    with page.expect_popup() as popup:
        page.evaluate("window.open('/')")
    # The host's own origin, and its reference to the frame: all but the frame's parent.
    popup.value.evaluate("message => opener.frames[0].postMessage(message, '*')", message)
    assert (
        request(page, "set-user", {"name": "Bo"}) == "ack"
    )  # what came before has been handled by now
    expect(desk.locator("#question")).to_have_value("")


def test_a_token_in_the_fragment_needs_no_init_and_stays_in_no_address(
    page: Page, host: str, gateway: Running
) -> None:
    desk = frame(page, host, gateway, f"#token={mint(gateway, host)}")
    assert request(page, "prefill", {"text": "多少钱包邮"}) == "ack"
    expect(desk.locator("#question")).to_have_value("多少钱包邮")
    assert page.frames[1].url == f"{gateway.url}/embed.html"


def test_an_expired_token_fails_and_a_fresh_one_goes_on(
    page: Page, host: str, gateway: Running
) -> None:
    frame(page, host, gateway)
    assert request(page, "init", {"token": mint(gateway, host, "ann", ttl=2)}) == "ack"
    page.wait_for_timeout(2500)
    assert request(page, "ask", {"text": "多少钱包邮"}) == "ack"
    assert event(page, "failed")["code"] == "invalid_token"
    assert request(page, "init", {"token": mint(gateway, host, "ann")}) == "ack"
    assert request(page, "ask", {"text": "多少钱包邮"}) == "ack"
    event(page, "message-completed")


def test_a_conversation_never_passes_to_another_person(
    page: Page, host: str, gateway: Running
) -> None:
    frame(page, host, gateway)
    assert request(page, "init", {"token": mint(gateway, host, "ann")}) == "ack"
    assert request(page, "init", {"token": mint(gateway, host, user="bo")}) == "another_user"
    assert request(page, "init", {"token": mint(gateway, host, "ann")}) == "ack"


def test_without_a_frame_and_a_token_the_page_says_where_to_go(
    page: Page, gateway: Running
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(gateway.url + "/embed.html")
    expect(page.locator("#thread")).to_contain_text("请从原页面重新打开")
    assert not [url for url in asked if url.startswith(gateway.url + "/api/")]


def test_no_cookie_and_no_token_goes_where_it_should_not(
    page: Page, host: str, gateway: Running
) -> None:
    token = mint(gateway, host)
    sent: list[Request] = []
    page.goto(
        gateway.url + "/chat.html"
    )  # this browser is a visitor of the desk itself, with a cookie
    expect(page.locator("#questions .ask").first).to_be_visible()
    page.on("request", lambda request: sent.append(request))
    frame(page, host, gateway, f"#token={token}")
    assert request(page, "ask", {"text": "多少钱包邮"}) == "ack"
    event(page, "message-completed")
    calls = [one for one in sent if one.url.startswith(gateway.url + "/api/")]
    assert calls
    for call in calls:
        assert "cookie" not in call.all_headers()
        assert call.all_headers()["authorization"] == f"Bearer {token}"
    assert not [one.url for one in sent if token in one.url.partition("#")[0]]


def test_the_desks_own_page_is_framed_by_nobody_else(
    page: Page, host: str, gateway: Running
) -> None:
    page.goto(host + "/")
    page.evaluate("url => frameAt(url)", gateway.url + "/chat.html")
    page.wait_for_function("() => frames.length === 1")
    expect(page.frame_locator("iframe").locator("#thread")).to_have_count(0)
    policies = {
        path: requests.get(gateway.url + path, timeout=5)
        .headers["content-security-policy"]
        .partition("frame-ancestors ")[2]
        for path in ("/chat.html", "/embed.html", "/embed.js")
    }
    own = "'self'"
    assert policies == {
        "/chat.html": own,
        "/embed.html": f"{own} http://localhost:* http://127.0.0.1:*",
        "/embed.js": own,
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_without_a_token(
    page: Page, host: str, gateway: Running, axe: Axe, theme: str
) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.goto(gateway.url + "/embed.html")
    expect(page.locator("#thread")).to_contain_text("请从原页面重新打开")
    assert axe(page) == []
    desk = frame(page, host, gateway, "#token=nonsense")
    expect(desk.locator("#thread")).to_contain_text("请从原页面重新打开")
    assert axe(page.frames[1]) == []
