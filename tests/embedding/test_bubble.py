"""The button in the corner of examples/shop."""

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Locator, Page, Route, expect

from tests.embedding.kit import STAFF_KEY, axe_finds_nothing, hosting
from tests.support.chromium import Axe
from tests.support.servers import Running


@pytest.fixture(scope="module")
def shop(gateway: Running) -> Iterator[str]:
    with hosting(gateway, "examples.host", "examples/shop") as origin:
        yield origin


def opener(page: Page) -> Locator:
    return page.locator("button.opener")


def test_nothing_of_the_desk_is_loaded_before_it_is_opened(
    page: Page, shop: str, gateway: Running
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shop)
    expect(opener(page)).to_be_visible()
    assert [url for url in asked if url.startswith(gateway.url)] == [gateway.url + "/embed.js"]
    assert not [url for url in asked if url.endswith("/sightdesk-token")]


def test_it_opens_and_closes_by_keyboard_and_says_what_it_is(page: Page, shop: str) -> None:
    refused: list[str] = []
    page.on(
        "console",
        lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None,
    )
    page.goto(shop)
    button = opener(page)
    expect(button).to_have_attribute("aria-label", "打开智能客服")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="智能客服")
    expect(dialog).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(dialog.get_by_role("button", name="关闭")).to_be_focused()
    expect(page.frame_locator("iframe").locator(".welcome h2")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    assert refused == []


def test_an_answer_that_comes_while_it_is_closed_is_marked(page: Page, shop: str) -> None:
    page.goto(shop)
    opener(page).click()
    desk = page.frame_locator("iframe")
    expect(desk.locator(".welcome h2")).to_be_visible()
    desk.locator("#question").fill("多少钱包邮")
    # The question waits until the bubble is closed.
    held: list[Route] = []
    page.route("**/api/chat", lambda route: held.append(route))
    with page.expect_request("**/api/chat"):
        desk.locator("#question").press("Enter")
    opener(page).click()
    held[0].continue_()
    badge = page.locator(".unread")
    expect(badge).to_have_text("1", timeout=20_000)
    expect(opener(page)).to_have_attribute("aria-label", "打开智能客服，有 1 条新回复")
    expect(page.get_by_role("status")).to_have_text("智能客服有新回复")
    opener(page).click()
    expect(badge).to_be_hidden()
    expect(desk.locator(".turn.assistant")).to_contain_text("79")
    expect(desk.locator(".turn.assistant .copy")).to_be_visible()
    expect(desk.get_by_role("button", name="插入工单")).to_have_count(0)  # a visitor has no ticket


def test_a_person_who_answers_while_it_is_closed_is_marked_after_a_reload_too(
    page: Page, shop: str, gateway: Running
) -> None:
    page.goto(shop)
    opener(page).click()
    desk = page.frame_locator("iframe")
    desk.locator("#question").fill("多少钱包邮")
    desk.locator("#question").press("Enter")
    desk.get_by_role("button", name="转人工").click(timeout=30_000)
    with page.expect_response("**/api/handoff") as asked:
        desk.get_by_role("dialog").get_by_role("button", name="转人工").click()
    handoff = f"{gateway.url}/api/desk/handoffs/{asked.value.json()['id']}"
    expect(desk.locator(".handed")).to_be_visible()
    opener(page).click()
    page.reload()
    headers = {"authorization": f"Bearer {STAFF_KEY}"}
    expect(desk.locator(".handed")).to_be_attached()
    for step, body in (("claim", {}), ("messages", {"text": "您好"})):
        requests.post(f"{handoff}/{step}", json=body, headers=headers, timeout=10)
    expect(page.locator(".unread")).to_have_text("1")
    opener(page).click()
    expect(desk.locator(".message .bubble")).to_have_text("您好")
    expect(page.locator(".unread")).to_be_hidden()


def test_it_has_one_title_bar_with_the_companys_name_and_no_word_of_engines(
    page: Page, shop: str
) -> None:
    def named(route: Route) -> None:
        response = route.fetch()
        assistant = response.json()["assistant"] | {"is_own": True, "accent": "#7a3fa0"}
        assistant["name"] = {"zh-CN": "小青", "en": "Qing"}
        route.fulfill(response=response, json=response.json() | {"assistant": assistant})

    page.route("**/api/config", named)
    page.goto(shop)
    page.evaluate(
        """() => { support.unmount();
        SightDesk.bubble({position: "left", token: async ({visitor}) => {
            const headers = {"content-type": "application/json"};
            const post = {method: "POST", headers, body: JSON.stringify({visitor})};
            return (await (await fetch("/sightdesk-token", post)).json()).token; }}); }"""
    )
    opener(page).click()
    dialog = page.get_by_role("dialog", name="小青")
    expect(dialog.locator(".bar")).to_have_css("background-color", "rgb(122, 63, 160)")
    box = dialog.bounding_box()
    assert box is not None
    assert box["x"] == 24
    desk = page.frame_locator("iframe")
    expect(desk.locator("#menu")).to_be_hidden()
    expect(desk.locator("#engine")).to_be_hidden()
    dialog.get_by_role("button", name="菜单").click()
    expect(desk.get_by_role("button", name="新对话")).to_be_visible()
    expect(desk.locator("#locale")).to_be_visible()


def test_it_remembers_the_visitor_and_whether_it_was_open(page: Page, shop: str) -> None:
    sent: list[str] = []
    page.on(
        "request",
        lambda request: (
            sent.append(request.post_data or "") if "sightdesk-token" in request.url else None
        ),
    )
    page.goto(shop)
    opener(page).click()
    expect(page.frame_locator("iframe").locator(".welcome h2")).to_be_visible()
    page.reload()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.frame_locator("iframe").locator(".welcome h2")).to_be_visible()
    assert len(sent) == 2
    assert sent[0] == sent[1]
    opener(page).click()
    page.reload()
    expect(opener(page)).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_on_a_phone_it_takes_the_whole_screen(page: Page, shop: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(shop)
    opener(page).click()
    assert page.get_by_role("dialog").bounding_box() == {
        "x": 0,
        "y": 0,
        "width": 390,
        "height": 844,
    }
    page.get_by_role("dialog").get_by_role("button", name="关闭").click()
    expect(opener(page)).to_be_focused()


def test_unmounting_leaves_nothing(page: Page, shop: str) -> None:
    page.goto(shop)
    before = page.evaluate("document.body.childElementCount")
    page.evaluate("support.open(); support.unmount()")
    assert page.evaluate("document.body.childElementCount") == before - 1


def test_a_desk_that_cannot_be_had_is_told_and_tried_again(page: Page, gateway: Running) -> None:
    with hosting(gateway, "examples.host", "examples/shop", SIGHTDESK_API_KEY="sk-wrong") as origin:
        page.goto(origin)
        opener(page).click()
        expect(page.get_by_role("alert")).to_contain_text("现在连不上客服")
        expect(page.locator("iframe")).to_have_count(0)
        with page.expect_request("**/sightdesk-token"):
            page.get_by_role("button", name="重试").click()


def test_axe_finds_nothing_while_it_is_closed_open_and_unread(
    page: Page, shop: str, axe: Axe
) -> None:
    page.goto(shop)
    opener = page.locator("button.opener")
    expect(opener).to_be_visible()
    axe_finds_nothing(page, axe)
    opener.click()
    desk = page.frame_locator("iframe")
    desk.locator("#question").fill("多少钱包邮")
    axe_finds_nothing(page, axe)
    held: list[Route] = []
    page.route("**/api/chat", lambda route: held.append(route))
    with page.expect_request("**/api/chat"):
        desk.locator("#question").press("Enter")
    opener.click()
    held[0].continue_()
    expect(page.locator(".unread")).to_have_text("1", timeout=60_000)
    axe_finds_nothing(page, axe)


def test_axe_finds_nothing_where_there_is_no_desk(page: Page, gateway: Running, axe: Axe) -> None:
    with hosting(gateway, "examples.host", "examples/shop", SIGHTDESK_API_KEY="sk-wrong") as origin:
        page.goto(origin)
        page.locator("button.opener").click()
        expect(page.get_by_role("alert")).to_contain_text("现在连不上客服")
        axe_finds_nothing(page, axe)
