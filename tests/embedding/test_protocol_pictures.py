"""Pictures that a host sends, and requests that are refused."""

import base64

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.embedding.kit import BYTES, PICTURE, entered, event, frame, mint, request
from tests.support.screens import data_url
from tests.support.servers import Running


def test_pictures_are_refused_with_the_gateways_reason(
    page: Page, host: str, gateway: Running
) -> None:
    entered(page, host, gateway)
    broken = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\nbroken").decode()
    assert request(page, "ask", {"text": "什么错误", "images": [broken]}) == "invalid_image"


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
