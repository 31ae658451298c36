"""The protocol from a host's side, word by word (contract, section 6)."""

import base64
import re

import pytest
import requests
from playwright.sync_api import FrameLocator, Page, Request, expect

from tests.embedding.conftest import mint
from tests.support.chromium import Axe
from tests.support.paths import SCREENS
from tests.support.screens import data_url
from tests.support.servers import Running

PICTURE = data_url((SCREENS / "browser-error.png").read_bytes())
BYTES = PICTURE.partition(",")[2]
GOOD = {
    "set-user": {"name": "Ann", "avatar": PICTURE},
    "set-context": {
        "messages": [{"role": "user", "text": "早上好"}, {"role": "assistant", "text": "您好"}]
    },
    "set-locale": {"locale": "en"},
    "set-theme": {"theme": "dark"},
    "prefill": {"text": "多少钱包邮"},
    "attach-image": {"name": "error.png", "data": PICTURE},
    "new-conversation": {},
    "ask": {"text": "多少钱包邮"},
}
BAD = {
    "init": {},
    "set-user": {"name": 7},
    "set-context": {"messages": [{"role": "system", "text": "obey"}]},
    "set-locale": {},
    "set-theme": {"theme": "pink"},
    "prefill": {"text": None},
    "ask": {"text": "  "},
    "attach-image": {"name": "a.png", "data": "https://example.com/a.png"},
    "open-conversation": {"id": ""},
}


def frame(page: Page, host: str, gateway: Running, fragment: str = "") -> FrameLocator:
    """The desk in a frame of `host`, which has heard that it is ready."""
    page.goto(host + "/")
    page.evaluate("url => frameAt(url)", f"{gateway.url}/embed.html{fragment}")
    assert page.evaluate("event('ready')") is not None
    return page.frame_locator("iframe")


def request(page: Page, type: str, payload: object, **options: object) -> str:
    return str(
        page.evaluate(
            "([type, payload, options]) => request(type, payload, options)",
            [type, payload, options],
        )
    )


def event(page: Page, type: str, skip: int = 0) -> dict[str, object]:
    payload = page.evaluate("([type, skip]) => event(type, skip)", [type, skip])
    assert payload is not None, f"no {type}"
    return dict(payload)


def entered(page: Page, host: str, gateway: Running) -> FrameLocator:
    desk = frame(page, host, gateway)
    assert request(page, "init", {"token": mint(gateway, host)}) == "ack"
    return desk


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


def test_the_page_speaks_to_its_host_in_the_contracts_envelope(
    page: Page, host: str, gateway: Running
) -> None:
    entered(page, host, gateway)
    for one in page.evaluate("heard"):
        assert one["from"] == gateway.url
        assert one.keys() == {"from", "source", "version", "type", "requestId", "payload"}
        assert (one["source"], one["version"]) == ("sightdesk", 1)


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "sk-tickets"])
def test_a_token_that_is_none_opens_nothing(
    page: Page, host: str, gateway: Running, token: str
) -> None:
    frame(page, host, gateway)
    assert request(page, "init", {"token": token}) == "invalid_token"
    assert request(page, "prefill", {"text": "a"}) == "not_initialised"


def test_what_is_well_formed_is_acknowledged(page: Page, host: str, gateway: Running) -> None:
    entered(page, host, gateway)
    for type, payload in GOOD.items():
        assert request(page, type, payload) == "ack", type


def test_what_is_malformed_is_refused_with_the_reason(
    page: Page, host: str, gateway: Running
) -> None:
    entered(page, host, gateway)
    for type, payload in BAD.items():
        assert request(page, type, payload) == "invalid_payload", type
    assert request(page, "launch", {}) == "unknown_type"
    assert request(page, "toString", {}) == "unknown_type"
    assert request(page, "prefill", {"text": "a"}, version=2) == "unsupported_version"
    assert request(page, "prefill", {"text": "a"}, source="webpack", ms=500) == "silence"


def test_the_host_sets_person_language_theme_and_words(
    page: Page, host: str, gateway: Running
) -> None:
    desk = entered(page, host, gateway)
    for type in ("set-user", "set-locale", "set-theme", "prefill", "attach-image"):
        assert request(page, type, GOOD[type]) == "ack"
    expect(desk.locator(".host-user")).to_have_text("Ann")
    expect(desk.locator("html")).to_have_attribute("lang", "en")
    expect(desk.locator("html")).to_have_attribute("data-theme", "dark")
    expect(desk.locator("#question")).to_have_value("多少钱包邮")
    expect(desk.locator("#attachments li")).to_have_count(1)


def test_context_and_question_with_pictures_are_answered(
    page: Page, host: str, gateway: Running
) -> None:
    desk = entered(page, host, gateway)
    uploads: list[bytes] = []
    bodies: list[str] = []
    page.on(
        "request", lambda sent: uploads.append(b"") if sent.url.endswith("/api/files") else None
    )
    page.on(
        "request",
        lambda sent: (
            bodies.append(sent.post_data or "") if sent.url.endswith("/api/chat") else None
        ),
    )
    context = [
        {"role": "user", "text": "昨天还能打开", "images": [PICTURE]},
        {"role": "assistant", "text": "请截图"},
    ]
    assert request(page, "set-context", {"messages": context}) == "ack"
    expect(desk.locator(".turn")).to_have_count(2)
    expect(desk.locator(".turn.user img")).to_have_count(1)
    question = "这张图显示了什么错误？我该怎么解决？"
    # A Blob, as hosts have it that do not care for base64.
    page.evaluate(
        """text => {
            window.blob = new Blob([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))]);
        }""",
        BYTES,
    )
    assert page.evaluate("text => request('ask', {text, images: [blob]})", question) == "ack"
    started = event(page, "conversation-started")["conversationId"]
    assert event(page, "message-sent") == {"conversationId": started, "text": question}
    done = event(page, "message-completed")
    assert done["conversationId"] == started
    assert str(done["answerId"]).startswith("answer-")
    assert "ERR_CONNECTION_TIMED_OUT" in str(done["text"])
    assert done["citations"][0]["id"] == "zh-CN/app-troubleshooting#1.1"  # type: ignore[index]
    fields = [(field["name"], field["value"]) for field in done["fields"]]  # type: ignore[attr-defined]
    assert ("error_code", "ERR_CONNECTION_TIMED_OUT") in fields
    assert len(uploads) == 2
    assert "base64" not in bodies[0]
    assert bodies[0].count("file_id") == 2


def test_an_answer_goes_into_the_ticket(page: Page, host: str, gateway: Running) -> None:
    desk = entered(page, host, gateway)
    assert request(page, "ask", {"text": "多少钱包邮"}) == "ack"
    done = event(page, "message-completed")
    desk.get_by_role("button", name="插入工单").click()
    assert event(page, "insert-reply") == done


def test_a_misread_value_that_was_put_right_goes_into_the_ticket_as_it_is(
    page: Page, host: str, gateway: Running
) -> None:
    def told(type: str, skip: int = 0) -> list[str]:
        fields: list[dict[str, str]] = event(page, type, skip)["fields"]  # type: ignore[assignment]
        return [field["value"] for field in fields if field["name"] == "error_code"]

    token = mint(gateway, host, "corrector")
    frame(page, host, gateway)
    assert request(page, "init", {"token": token}) == "ack"
    desk = page.frame_locator("iframe")
    assert request(page, "ask", {"text": "这是什么错误", "images": [PICTURE]}) == "ack"
    assert told("message-completed") == ["ERR_CONNECTION_TIMED_OUT"]
    desk.get_by_label("错误代码", exact=True).fill("ERR_CONNECTION_RESET")
    desk.get_by_role("button", name="按更正重新回答").click()
    assert set(told("message-completed", 1)) == {"ERR_CONNECTION_RESET"}
    desk.get_by_role("button", name="插入工单").first.click()
    assert told("insert-reply") == ["ERR_CONNECTION_RESET"]
    # The conversation as the gateway kept it tells the same.
    frame(page, host, gateway)
    assert request(page, "init", {"token": token}) == "ack"
    desk.get_by_role("button", name="插入工单").first.click()
    assert told("insert-reply") == ["ERR_CONNECTION_RESET"]


def test_an_answer_is_copied_in_a_frame_that_was_not_given_the_clipboard(
    page: Page, host: str, gateway: Running
) -> None:
    desk = entered(page, host, gateway)
    assert request(page, "ask", {"text": "多少钱包邮"}) == "ack"
    event(page, "message-completed")
    assert page.frames[1].evaluate(
        "navigator.clipboard.writeText('a').then(() => 'given', error => error.name)"
    ) == ("NotAllowedError")
    desk.locator(".turn.assistant .copy").click()
    expect(desk.get_by_role("button", name="已复制")).to_be_focused()
    desk.locator("#question").press("Control+v")
    expect(desk.locator("#question")).to_have_value(re.compile("79"))


def test_what_the_person_does_is_told(page: Page, host: str, gateway: Running) -> None:
    entered(page, host, gateway)
    assert request(page, "ask", {"text": "多少钱包邮"}) == "ack"
    done = event(page, "message-completed")
    # A second question goes on: the conversation has started already.
    assert request(page, "ask", {"text": "退货流程是什么"}) == "ack"
    event(page, "message-completed", 1)
    assert page.evaluate("heard.filter(one => one.type === 'conversation-started').length") == 1
    assert request(page, "new-conversation", {}) == "ack"
    assert request(page, "open-conversation", {"id": done["conversationId"]}) == "ack"
    assert request(page, "open-conversation", {"id": "conversation-none"}) == "not_found"
    expect(page.frame_locator("iframe").locator(".turn.user")).to_have_count(2)


def test_a_question_while_one_is_answered_is_refused(
    page: Page, host: str, gateway: Running
) -> None:
    entered(page, host, gateway)
    page.route("**/api/chat", lambda route: None)  # an answer that never comes
    assert request(page, "ask", {"text": "一"}) == "ack"
    assert request(page, "ask", {"text": "二"}) == "busy"


def test_the_height_that_the_page_would_like_is_told_as_it_grows(
    page: Page, host: str, gateway: Running
) -> None:
    entered(page, host, gateway)
    first = int(str(event(page, "resize")["height"]))
    messages = [{"role": "user", "text": f"{number}" * 40} for number in range(20)]
    assert request(page, "set-context", {"messages": messages}) == "ack"
    page.wait_for_function(
        "first => heard.some(one => one.type === 'resize' && one.payload.height > first + 500)",
        arg=first,
    )


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


def test_pictures_are_refused_with_the_gateways_reason(
    page: Page, host: str, gateway: Running
) -> None:
    entered(page, host, gateway)
    broken = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\nbroken").decode()
    assert request(page, "ask", {"text": "什么错误", "images": [broken]}) == "invalid_image"


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


def test_a_host_that_does_not_wait_for_ready_is_heard_too(
    page: Page, host: str, gateway: Running
) -> None:
    page.goto(host + "/")
    page.evaluate(
        """([url, token]) => {
            frameAt(url);
            document.querySelector("iframe").onload = () => {
                window.answer = request("init", { token }); };
        }""",
        [f"{gateway.url}/embed.html", mint(gateway, host)],
    )
    page.wait_for_function("() => window.answer !== undefined")
    assert page.evaluate("answer") == "ack"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_with_a_guest_and_an_answer_to_insert(
    page: Page, host: str, gateway: Running, axe: Axe, theme: str
) -> None:
    desk = entered(page, host, gateway)
    assert request(page, "set-theme", {"theme": theme}) == "ack"
    assert request(page, "set-user", {"name": "李娜"}) == "ack"
    assert request(page, "ask", {"text": "多少钱包邮"}) == "ack"
    event(page, "message-completed")
    expect(desk.get_by_role("button", name="插入工单")).to_be_visible()
    assert axe(page.frames[1]) == []


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


@pytest.mark.parametrize(
    "kind", ["application/octet-stream", "image/x-png", "", "IMAGE/PNG;name=a.png"]
)
def test_a_picture_is_attached_whatever_type_it_declares(
    page: Page, host: str, gateway: Running, kind: str
) -> None:
    desk = entered(page, host, gateway)
    assert (
        request(page, "attach-image", {"name": "shot", "data": f"data:{kind};base64,{BYTES}"})
        == "ack"
    )
    expect(desk.locator("#attachments .note")).to_contain_text("KB")
    # A Blob, too, as a host gets it from a canvas or a form.
    page.evaluate(
        """([text, type]) => (window.blob =
            new Blob([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))], { type: type.split(";")[0] }))""",
        [BYTES, kind],
    )
    assert page.evaluate("request('attach-image', {name: 'shot', data: blob})") == "ack"
    expect(desk.locator("#attachments li:not(.bad)")).to_have_count(2)


def test_what_is_not_attached_is_refused_with_the_reason(
    page: Page, host: str, gateway: Running
) -> None:
    desk = entered(page, host, gateway)

    def attached(data: bytes, name: str = "a.png") -> str:
        encoded = base64.b64encode(data).decode()
        return request(
            page, "attach-image", {"name": name, "data": f"data:image/x-odd;base64,{encoded}"}
        )

    assert attached(b"no picture") == "unsupported_media_type"
    expect(desk.locator("#attachments li")).to_have_count(0)
    assert attached(base64.b64decode(BYTES)[:500]) == "invalid_image"  # as the gateway says
    desk.locator("#attachments .remove").click()
    assert (
        request(page, "attach-image", {"name": "a", "data": "data:image/png;base64,?"})
        == "invalid_image"
    )
    for _ in range(8):
        assert request(page, "attach-image", {"name": "a", "data": PICTURE}) == "ack"
    assert request(page, "attach-image", {"name": "a", "data": PICTURE}) == "too_many_images"
    expect(desk.locator("#attachments li")).to_have_count(8)


def test_every_request_is_answered_with_a_reason_that_is_a_word(
    page: Page, host: str, gateway: Running
) -> None:
    entered(page, host, gateway)
    damaged = "data:image/png;base64,?"
    for type, payload in {
        "set-user": {"name": "Ann", "avatar": damaged},
        "ask": {"text": "a", "images": [damaged]},
        "set-context": {"messages": [{"role": "user", "text": "a", "images": [damaged]}]},
    }.items():
        assert request(page, type, payload) == "invalid_image", type


def test_a_question_whose_pictures_are_refused_leaves_none_of_them_behind(
    page: Page, host: str, gateway: Running
) -> None:
    token = mint(gateway, host)
    frame(page, host, gateway)
    assert request(page, "init", {"token": token}) == "ack"
    broken = data_url(base64.b64decode(BYTES)[:500])
    assert request(page, "ask", {"text": "a", "images": [PICTURE, broken]}) == "invalid_image"
    page.wait_for_timeout(500)
    mine = requests.get(
        gateway.url + "/api/files", headers={"authorization": f"Bearer {token}"}, timeout=5
    ).json()
    assert mine["data"] == []


def test_an_answer_of_a_conversation_that_was_left_is_told_with_its_id(
    page: Page, host: str, gateway: Running
) -> None:
    desk = entered(page, host, gateway)
    assert request(page, "ask", {"text": "这是什么错误", "images": [PICTURE]}) == "ack"
    first = event(page, "conversation-started")["conversationId"]
    assert request(page, "new-conversation", {}) == "ack"
    expect(desk.locator(".turn")).to_have_count(0)
    done = event(page, "message-completed")
    assert done["conversationId"] == first
    assert "ERR_CONNECTION_TIMED_OUT" in str(done["text"])
    expect(desk.locator(".turn")).to_have_count(0)


def test_a_picture_is_fetched_once_with_a_token(page: Page, host: str, gateway: Running) -> None:
    token = mint(gateway, host)
    frame(page, host, gateway)
    assert request(page, "init", {"token": token}) == "ack"
    assert request(page, "ask", {"text": "这是什么错误", "images": [PICTURE]}) == "ack"
    event(page, "message-completed")
    frame(page, host, gateway)
    got: list[str] = []
    page.on("request", lambda sent: got.append(sent.url) if "/content" in sent.url else None)
    assert request(page, "init", {"token": token}) == "ack"
    desk = page.frame_locator("iframe")
    for locale in ("en", "zh-CN", "en"):
        assert request(page, "set-locale", {"locale": locale}) == "ack"
    desk.locator(".turn.user .picture").click()
    expect(desk.locator(".lightbox .stage img")).to_be_visible()
    assert len(got) == 1
