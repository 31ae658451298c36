"""embed.js in a host page of another site, under a strict policy."""

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.embedding.kit import KEY, PAGES, hosting, mint
from tests.support.action_desk import action_desk
from tests.support.chromium import ARGUMENTS, EXECUTABLE
from tests.support.nginx import NGINX, rendered
from tests.support.paths import SCREENS
from tests.support.screens import data_url
from tests.support.servers import Running, free_port, wait_for

MOUNT = """options => {
    const place = document.getElementById("desk");
    window.desk = SightDesk.mount(place, { token: () => fetchToken(), ...options });
}"""


def mounted(page: Page, host: str, **options: object) -> None:
    page.goto(host + "/host.html")
    page.evaluate(MOUNT, options)


def call(page: Page, method: str, *arguments: object) -> str:
    """ "ack", or why the promise was rejected."""
    return str(
        page.evaluate(
            "([method, given]) => reasonOf(desk[method](...given))", [method, list(arguments)]
        )
    )


def events(page: Page, type: str) -> list[dict[str, object]]:
    return [detail for name, detail in page.evaluate("events") if name == type]


def wait_for_event(page: Page, type: str) -> dict[str, object]:
    page.wait_for_function(
        "type => events.some(([name]) => name === type)", arg=type, timeout=60_000
    )
    return events(page, type)[0]


def test_a_desk_is_mounted_with_person_context_language_and_theme(page: Page, host: str) -> None:
    refused: list[str] = []
    page.on(
        "console",
        lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None,
    )
    context = [{"role": "user", "text": "早上好"}, {"role": "assistant", "text": "您好"}]
    mounted(page, host, user={"name": "Ann"}, context=context, locale="en", theme="dark")
    assert page.evaluate("reasonOf(desk.started)") == "ack"
    desk = page.frame_locator("iframe")
    expect(desk.locator(".host-user")).to_have_text("Ann")
    expect(desk.locator(".turn")).to_have_count(2)
    expect(desk.locator("html")).to_have_attribute("lang", "en")
    expect(desk.locator("html")).to_have_attribute("data-theme", "dark")
    assert refused == []
    assert page.locator("iframe").bounding_box()["width"] == 700  # type: ignore[index]  # it is visible


def test_methods_are_the_contracts_requests_and_events_are_dom_events(
    page: Page, host: str
) -> None:
    mounted(page, host)
    calls: tuple[tuple[str, list[Any]], ...] = (
        ("setUser", [{"name": "Ann"}]),
        ("setLocale", ["en"]),
        ("setTheme", ["light"]),
        ("prefill", ["draft"]),
        ("setContext", [[{"role": "user", "text": "a"}]]),
        ("newConversation", []),
        ("ask", [{"text": "多少钱包邮"}]),
    )
    for method, arguments in calls:
        assert call(page, method, *arguments) == "ack", method
    assert wait_for_event(page, "message-sent")["text"] == "多少钱包邮"
    done = wait_for_event(page, "message-completed")
    assert "79" in str(done["text"])
    assert wait_for_event(page, "resize")["height"]
    assert call(page, "openConversation", {"id": done["conversationId"]}) == "ack"


def test_what_the_person_thinks_of_an_answer_and_whom_they_want_is_told(
    page: Page, host: str
) -> None:
    mounted(page, host)
    assert call(page, "ask", "多少钱包邮") == "ack"
    done = wait_for_event(page, "message-completed")
    desk = page.frame_locator("iframe")
    desk.get_by_role("button", name="有帮助", exact=True).click()
    assert wait_for_event(page, "feedback") == {"answerId": done["answerId"], "rating": "up"}
    desk.get_by_role("button", name="转人工").click()
    desk.get_by_role("dialog").get_by_role("button", name="转人工").click()
    desk.locator(".handed .number").wait_for()
    asked = wait_for_event(page, "handoff-requested")
    assert (asked["conversationId"], asked["note"]) == (done["conversationId"], "")
    assert str(asked["number"]) in (desk.locator(".handed .number").text_content() or "")


def test_a_change_that_waits_for_the_person_is_told(page: Page, host: str) -> None:
    with action_desk(page) as desk:
        mounted(page, host)
        assert call(page, "ask", "发票抬头错了") == "ack"
        told = wait_for_event(page, "action-changed")
        assert told == {"conversationId": desk.conversation, "action": desk.actions["act-1"]}


def test_a_host_that_cannot_insert_is_believed_and_the_person_is_told_why(
    page: Page, host: str
) -> None:
    mounted(page, host)
    page.evaluate(
        """() => document.addEventListener("sightdesk:insert-reply", (event) => event.waitUntil(
            window.outcome ?? Promise.reject(new Error("the ticket is closed"))))"""
    )
    assert call(page, "ask", "多少钱包邮") == "ack"
    wait_for_event(page, "message-completed")
    desk = page.frame_locator("iframe")
    desk.get_by_role("button", name="插入工单").click()
    expect(desk.locator("#toast")).to_have_text("没有写入工单：the ticket is closed")
    page.evaluate("window.outcome = Promise.resolve()")
    desk.get_by_role("button", name="插入工单").click()
    expect(desk.locator("#toast")).to_have_text("已发送到工单")
    assert call(page, "prefill", "a") == "ack"  # what the host answered has been heard by now
    expect(desk.locator("#toast")).to_have_text("已发送到工单")


def test_a_refusal_rejects_with_its_reason(page: Page, host: str) -> None:
    mounted(page, host)
    assert call(page, "openConversation", "conversation-none") == "not_found"
    assert call(page, "setTheme", "pink") == "invalid_payload"
    assert (
        page.evaluate("desk.setTheme('pink').catch(error => error instanceof SightDesk.Error)")
        is True
    )


def test_a_token_that_fails_is_told_once_and_a_good_one_mends_it(page: Page, host: str) -> None:
    mounted(page, host)
    page.evaluate("desk.unmount()")
    page.evaluate(
        "window.desk = SightDesk.mount(document.getElementById('desk'), { token: 'nonsense' })"
    )
    assert page.evaluate("reasonOf(desk.started)") == "invalid_token"
    assert [one["code"] for one in events(page, "failed")] == ["invalid_token"]
    assert page.evaluate("fetchToken().then(token => reasonOf(desk.init(token)))") == "ack"
    assert call(page, "prefill", "a") == "ack"


def test_a_token_is_fetched_again_before_it_expires(page: Page, gateway: Running) -> None:
    with hosting(gateway, "examples.host", PAGES, TOKEN_SECONDS="4") as origin:
        mounted(page, origin)
        assert call(page, "prefill", "a") == "ack"
        page.wait_for_timeout(5000)
        assert page.evaluate("tokens") >= 2
        assert call(page, "ask", "多少钱包邮") == "ack"
        wait_for_event(page, "message-completed")
        assert events(page, "failed") == []


def test_a_frame_that_was_loaded_anew_is_let_in_again(page: Page, host: str) -> None:
    mounted(page, host, user={"name": "Ann"})
    assert call(page, "prefill", "a") == "ack"
    page.frames[1].evaluate("location.reload()")
    expect(page.frame_locator("iframe").locator(".host-user")).to_have_text("Ann")
    assert call(page, "prefill", "b") == "ack"


def test_what_other_windows_say_is_no_event(page: Page, host: str, gateway: Running) -> None:
    mounted(page, host)
    assert call(page, "prefill", "a") == "ack"
    forged = {
        "source": "sightdesk",
        "version": 1,
        "type": "insert-reply",
        "requestId": "x",
        "payload": {"text": "forged"},
    }
    page.evaluate("message => postMessage(message, '*')", forged)
    with page.expect_popup() as popup:
        page.evaluate("window.open('/')")
    popup.value.evaluate("message => opener.postMessage(message, '*')", forged)
    # From the desk's own origin, but not from the frame that was mounted.
    with page.expect_popup() as popup:
        page.evaluate("url => window.open(url)", gateway.url + "/healthz")
    popup.value.evaluate("message => opener.postMessage(message, '*')", forged)
    assert call(page, "prefill", "b") == "ack"
    assert events(page, "insert-reply") == []


def test_unmounting_takes_everything_away(page: Page, host: str) -> None:
    mounted(page, host)
    assert call(page, "prefill", "a") == "ack"
    pending = page.evaluate(
        "(() => { const asked = reasonOf(desk.prefill('b')); desk.unmount(); return asked; })()"
    )
    assert pending in ("unmounted", "ack")
    expect(page.locator("iframe")).to_have_count(0)
    assert call(page, "prefill", "c") == "unmounted"
    # Taken away before it was there: that is no failure to tell anybody.
    early = """(() => {
        const made = SightDesk.mount(document.body, { token: "a" });
        made.unmount();
        return reasonOf(made.started);
    })()"""
    assert page.evaluate(early) == "unmounted"
    assert events(page, "failed") == []


@contextlib.contextmanager
def profile(browser: Browser, *, third_party: bool) -> Iterator[BrowserContext]:
    """A browser of its own: in incognito contexts a frame of another site has no storage."""
    preferences = {
        "cookie_controls_mode": int(not third_party),
        "block_third_party_cookies": not third_party,
    }
    blocked = [] if third_party else ["--test-third-party-cookie-phaseout"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "Default", "Preferences")
        file.parent.mkdir()
        file.write_text(json.dumps({"profile": preferences}))
        context = browser.browser_type.launch_persistent_context(
            folder, executable_path=EXECUTABLE, args=[*ARGUMENTS, *blocked]
        )
        yield context
        context.close()


@pytest.fixture
def strict(browser: Browser) -> Iterator[BrowserContext]:
    """Blocks third-party cookies and storage."""
    with profile(browser, third_party=False) as context:
        yield context


def test_no_token_key_or_picture_is_left_in_the_browser(
    browser: Browser, host: str, gateway: Running
) -> None:
    picture = data_url((SCREENS / "browser-error.png").read_bytes())
    tokens = [mint(gateway, host, "ann") for _ in range(2)]
    parts = [part for token in tokens for part in token.split(".")[1:]]
    secrets = [*tokens, *parts, KEY, "Bearer", "base64", "blob:", picture.partition(",")[2][:60]]
    with profile(browser, third_party=True) as context:
        page = context.new_page()
        page.goto(host + "/")
        page.evaluate("url => frameAt(url)", f"{gateway.url}/embed.html#token={tokens[0]}")
        assert page.evaluate("event('ready')") is not None
        assert page.evaluate("request('set-locale', { locale: 'en' })") == "ack"
        assert (
            page.evaluate("images => request('ask', { text: '多少钱包邮', images })", [picture])
            == "ack"
        )
        conversation = page.evaluate("event('message-completed')")["conversationId"]
        assert page.evaluate("token => request('init', { token })", tokens[1]) == "ack"
        page.frame_locator("iframe").locator("#question").fill("a draft")
        kept = page.frames[1].evaluate(
            "[localStorage, sessionStorage].map((one) => JSON.stringify({ ...one }))"
        )
    # Both are in play, and hold what belongs there.
    assert "sightdesk.locale" in kept[0]
    assert conversation in kept[1]
    assert "a draft" in kept[1]
    assert [secret for secret in secrets if secret in kept[0] + kept[1]] == []


@pytest.mark.parametrize("way", ["fragment", "message"])
def test_with_third_party_cookies_blocked_the_desk_works_by_its_token(
    strict: BrowserContext, host: str, gateway: Running, way: str
) -> None:
    page = strict.new_page()
    page.goto(gateway.url + "/chat.html")
    third_party = "document.cookie = 'a=1; SameSite=None; Secure'; document.cookie"
    assert (
        page.evaluate(third_party) == "a=1"
    )  # at home the desk may keep a cookie; in the frame it may not
    token = mint(gateway, host)
    page.goto(host + "/")
    page.evaluate(
        "url => frameAt(url)",
        f"{gateway.url}/embed.html" + (f"#token={token}" if way == "fragment" else ""),
    )
    assert page.evaluate("event('ready')") is not None
    assert page.frames[1].evaluate(third_party) == ""
    if way == "message":
        assert page.evaluate("token => request('init', { token })", token) == "ack"
    assert page.evaluate("request('ask', { text: '多少钱包邮' })") == "ack"
    assert "79" in page.evaluate("event('message-completed')")["text"]


def test_behind_nginx_the_frame_asks_for_no_password(
    page: Page, gateway: Running, tmp_path: Path
) -> None:
    port = free_port()
    front = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [NGINX, "-p", str(tmp_path), "-c", str(rendered(tmp_path, port, gateway.url))]
    )
    try:
        wait_for(front + "/healthz", process, tmp_path / "error.log")
        assert requests.get(front + "/chat.html", timeout=5).status_code == 401
        with hosting(gateway, "examples.host", PAGES, SIGHTDESK_URL=front) as origin:
            mounted(page, origin)
            assert call(page, "ask", "多少钱包邮") == "ack"
            assert "79" in str(wait_for_event(page, "message-completed")["text"])
    finally:
        process.terminate()
        process.wait(10)
