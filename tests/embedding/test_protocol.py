"""The protocol from a host's side, word by word (contract, section 6)."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.embedding.kit import BYTES, GOOD, PICTURE, entered, event, frame, mint, request
from tests.support.chromium import Axe
from tests.support.servers import Running

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


def test_the_page_speaks_to_its_host_in_the_contracts_envelope(
    page: Page, host: str, gateway: Running
) -> None:
    entered(page, host, gateway)
    for one in page.evaluate("heard"):
        assert one["from"] == gateway.url
        assert one.keys() == {"from", "source", "version", "type", "requestId", "payload"}
        assert (one["source"], one["version"]) == ("sightdesk", 1)


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
    assert done["citations"][0]["id"] == "zh-CN/app-troubleshooting#1.1"  # type: ignore[index]  # JSON of the page
    fields = [(field["name"], field["value"]) for field in done["fields"]]  # type: ignore[attr-defined]  # JSON of the page
    assert ("error_code", "ERR_CONNECTION_TIMED_OUT") in fields
    assert len(uploads) == 2
    assert "base64" not in bodies[0]
    assert bodies[0].count("file_id") == 2


def test_an_answer_goes_into_the_ticket(page: Page, host: str, gateway: Running) -> None:
    desk = entered(page, host, gateway)
    assert request(page, "ask", {"text": "多少钱包邮"}) == "ack"
    done = event(page, "message-completed")
    assert "依据" in str(done["text"])
    desk.get_by_role("button", name="插入工单").click()
    inserted = event(page, "insert-reply")
    assert inserted == done | {"as": "reply", "text": inserted["text"]}
    assert "包邮" in str(inserted["text"])
    assert not re.search(r"\*\*|依据|《", str(inserted["text"]))


def test_an_agent_chooses_reply_or_note_and_is_offered_no_person(
    page: Page, host: str, gateway: Running
) -> None:
    desk = frame(page, host, gateway, "#insert=both&agent=yes")
    assert request(page, "init", {"token": mint(gateway, host)}) == "ack"
    expect(desk.locator("#engine")).to_contain_text("内置引擎")
    assert request(page, "ask", {"text": "多少钱包邮"}) == "ack"
    event(page, "message-completed")
    expect(desk.get_by_role("button", name="转人工")).to_have_count(0)
    desk.get_by_role("button", name="插入备注").click()
    noted = event(page, "insert-reply")
    assert noted["as"] == "note"
    assert "依据：《" in str(noted["text"])
    desk.get_by_role("button", name="插入回复").click()
    assert event(page, "insert-reply", 1)["as"] == "reply"


def test_a_misread_value_that_was_put_right_goes_into_the_ticket_as_it_is(
    page: Page, host: str, gateway: Running
) -> None:
    def told(type: str, skip: int = 0) -> list[str]:
        fields: list[dict[str, str]] = event(page, type, skip)["fields"]  # type: ignore[assignment]  # JSON of the page
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
