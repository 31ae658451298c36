"""What the desk looks up and changes in the company's systems, as the page shows it."""

import time

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.kit import AGENT, Site, content, error, extras, open_page, send, told_slowly
from tests.support.action_desk import action, action_desk, followed
from tests.support.chromium import Axe

TOOL = {"id": "call-1", "name": "track_parcel", "title": "查询物流", "status": "running"}
FOUND = {
    "values": {
        "status_zh": "运输中",
        "status_en": "in transit",
        "event": ["10:02 到达上海", "12:40 派件中"],
    },
    "text": "包裹正在派件。",
}
DONE = TOOL | {"status": "done", "result": FOUND}


def proposed(page: Page, site: Site) -> Locator:
    """Asks, and returns the card of the answer."""
    open_page(page, site)
    send(page, "发票抬头错了")
    card = page.locator(".proposal")
    expect(card).to_be_visible()
    expect(page.locator(".turn.assistant .copy")).to_be_visible()
    return card


def confirm(card: Locator) -> Locator:
    return card.get_by_role("button", name="确认")


def test_a_read_is_told_while_it_runs_and_opens_to_what_was_found(page: Page, site: Site) -> None:
    open_page(page, site)
    running, done = extras(tool=TOOL), extras(tool=DONE)
    with told_slowly(page, running, 1.5, done, content("包裹正在派件（物流系统，刚刚）。")):
        send(page, "包裹到哪了")
        expect(page.locator(".status .phase")).to_have_text("正在查询物流…")
        chip = page.locator(".lookup .chip")
        expect(chip).to_have_text("查询物流 · 刚刚")
    expect(page.locator(".found")).to_be_hidden()
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".found p")).to_have_text("包裹正在派件。")
    expect(page.locator(".found dd")).to_have_text(["运输中", "10:02 到达上海\n12:40 派件中"])
    expect(page.locator(".found dt").first).to_have_text("状态")


def test_two_reads_at_once_are_both_told(page: Page, site: Site) -> None:
    open_page(page, site)
    other = TOOL | {"id": "call-2", "title": "查询订单"}
    with told_slowly(page, extras(tool=TOOL), extras(tool=other), done=False):
        send(page, "包裹到哪了")
        expect(page.locator(".status .phase")).to_have_text("正在查询物流 · 查询订单…")


def test_a_read_that_fails_says_so(page: Page, site: Site) -> None:
    failed = TOOL | {"status": "failed", "result": {"reason": "单号不存在"}}
    with action_desk(page, tools=[failed], actions=[]):
        open_page(page, site)
        send(page, "包裹到哪了")
        chip = page.locator(".lookup .chip")
        expect(chip).to_have_text("查询物流 · 没有查到")
        chip.click()
        expect(page.locator(".found p")).to_have_text("单号不存在")


def test_after_a_reload_a_read_tells_when_it_was(page: Page, site: Site) -> None:
    with action_desk(page, tools=[DONE], actions=[]):
        open_page(page, site)
        send(page, "包裹到哪了")
        expect(page.locator(".lookup .chip")).to_have_text("查询物流 · 刚刚")
        page.reload()
        chip = page.locator(".lookup .chip")
        expect(chip).to_contain_text("查询物流 · ")
        expect(chip).not_to_contain_text("刚刚")


def test_a_card_says_what_will_happen_and_what_changes(page: Page, site: Site) -> None:
    with action_desk(page):
        card = proposed(page, site)
        expect(card.locator("h2")).to_have_text("申请红字发票")
        expect(card.locator("dt")).to_have_text(["发票号码", "购买方"])
        expect(card.locator("dd").first).to_have_text("25122000000087654321")
        expect(card.locator("del")).to_contain_text("上海云帆贸易有限公司")
        expect(card.locator("ins")).to_contain_text("上海云帆科技有限公司")
        expect(card.locator(".state")).to_have_text("需要您确认，确认之前不会办理。")
        expect(card.locator(".term")).to_have_text("15 分钟内有效")
        expect(card.locator("button")).to_have_text(["确认", "取消"])
        expect(page.locator("#announcer")).to_contain_text("申请红字发票")


def test_a_confirmed_action_is_followed_to_its_end_and_is_the_same_after_a_reload(
    page: Page, site: Site
) -> None:
    with action_desk(page) as desk:
        card = proposed(page, site)
        followed(page, desk)
        in_list = page.locator("#history small")
        expect(in_list).to_have_text("待您确认")
        confirm(card).click()
        expect(card.locator(".state")).to_have_text("已确认，办理中…")
        expect(in_list).to_have_text("")
        expect(card.get_by_role("button")).to_have_count(0)
        assert card.evaluate("card => card === document.activeElement")
        desk.change(status="running", arguments={"invoice": "2512****"})
        masked = {"arguments": {"invoice": "2512****"}}
        ended = {"values": {"number": "R-88"}, "text": "编号 R-88，1 个工作日内开出。"}
        desk.end("done", "红字发票申请已提交，编号 R-88。", result=ended, **masked)
        expect(card.locator(".state")).to_have_text("已完成。编号 R-88，1 个工作日内开出。")
        expect(card.locator("dd").first).to_have_text("25122000000087654321")
        notice = page.locator(".turn.notice")
        expect(notice).to_have_text("红字发票申请已提交，编号 R-88。")
        expect(page.locator("#announcer")).to_have_text("红字发票申请已提交，编号 R-88。")
        assert desk.decisions == ["act-1/confirm"]
        page.reload()
        expect(card.locator(".state")).to_have_text("已完成。编号 R-88，1 个工作日内开出。")
        expect(notice).to_have_count(1)
        expect(card.get_by_role("button")).to_have_count(0)


def test_a_double_click_sends_once_and_the_button_shows_that_it_works(
    page: Page, site: Site
) -> None:
    with action_desk(page) as desk:
        card = proposed(page, site)
        desk.held.clear()
        confirm(card).dblclick()
        expect(card.get_by_role("button").first).to_have_text("正在提交…")
        card.get_by_role("button", name="取消").click(force=True)
        desk.held.set()
        expect(card.locator(".state")).to_have_text("已确认，办理中…")
        assert desk.decisions == ["act-1/confirm"]


def test_a_cancel_asks_nothing_more(page: Page, site: Site) -> None:
    with action_desk(page) as desk:
        card = proposed(page, site)
        card.get_by_role("button", name="取消").focus()
        page.keyboard.press("Enter")
        expect(card.locator(".state")).to_have_text("已取消，没有办理。")
        assert desk.decisions == ["act-1/cancel"]


def test_no_script_and_no_words_confirm(page: Page, site: Site) -> None:
    words = (
        "请点 <button class='primary' autofocus>确认</button> [确认](/api/actions/act-1/confirm)"
    )
    with action_desk(page, text=words) as desk:
        card = proposed(page, site)
        confirm(card).evaluate("button => button.click()")
        confirm(card).dispatch_event("click")
        page.evaluate(
            """() => {
                const message = { source: "sightdesk", version: 1, type: "confirm" };
                window.postMessage({ ...message, payload: { id: "act-1" } }, location.origin);
                const key = { key: "Enter", bubbles: true };
                document.querySelector(".proposal button").dispatchEvent(
                    new KeyboardEvent("keydown", key));
            }"""
        )
        expect(page.locator(".markdown button")).to_have_count(0)
        page.wait_for_timeout(300)
        expect(card.locator(".state")).to_have_text("需要您确认，确认之前不会办理。")
        assert desk.decisions == []


def test_a_card_expires_before_the_eyes(page: Page, site: Site) -> None:
    soon = action(expires_at=int(time.time()) + 4)
    with action_desk(page, actions=[soon]):
        card = proposed(page, site)
        expect(card.locator(".term")).to_contain_text("秒内有效")
        expect(page.locator("#announcer")).to_contain_text("还剩 1 分钟就过期")
        expect(card.locator(".state")).to_have_text("已过期，没有办理。如果还需要，请再提一次。")
        expect(card.get_by_role("button")).to_have_count(0)


def test_what_was_decided_elsewhere_is_told_with_the_state_as_it_is(page: Page, site: Site) -> None:
    with action_desk(page) as desk:
        card = proposed(page, site)
        desk.meanwhile = {"status": "cancelled"}
        desk.refusals.append((409, error("action_not_pending")))
        confirm(card).click()
        expect(card.locator(".problem")).to_have_text("这项操作已经处理过了。")
        expect(card.locator(".state")).to_have_text("已取消，没有办理。")


def test_a_word_that_did_not_arrive_can_be_given_again(page: Page, site: Site) -> None:
    with action_desk(page) as desk:
        card = proposed(page, site)
        page.route("**/api/actions/**", lambda route: route.abort(), times=1)
        confirm(card).click()
        expect(card.locator(".problem")).to_have_text("无法连接服务器。请检查网络后重试。")
        expect(confirm(card)).to_be_focused()
        desk.refusals.append((503, error("upstream_unavailable")))
        confirm(card).click()
        expect(card.locator(".problem")).to_have_text("对话数据库没有响应，请稍后重试。")
        confirm(card).click()
        expect(card.locator(".state")).to_have_text("已确认，办理中…")
        expect(card.locator(".problem")).to_be_hidden()


def test_what_staff_must_approve_has_no_buttons_and_changes_live(page: Page, site: Site) -> None:
    with action_desk(page, actions=[action(by="staff")]) as desk:
        card = proposed(page, site)
        expect(card.locator(".state")).to_have_text("等待工作人员批准，批准之前不会办理。")
        expect(card.get_by_role("button")).to_have_count(0)
        followed(page, desk)
        changed = {"invoice": "25122000000087654321", "buyer": "上海云帆软件有限公司"}
        desk.change(status="confirmed", arguments=changed)
        expect(card.locator(".state")).to_have_text("工作人员已批准，办理中…")
        expect(card.locator("ins")).to_contain_text("上海云帆软件有限公司")
        desk.end("failed", "红字发票没有办成：发票已作废。", error="发票已作废。")
        expect(card.locator(".state")).to_have_text("没有办成。发票已作废。")
        expect(page.locator(".turn.notice")).to_be_visible()


def test_a_stream_that_breaks_goes_on_behind_its_last_event(page: Page, site: Site) -> None:
    with action_desk(page) as desk:
        card = proposed(page, site)
        followed(page, desk)
        desk.change(status="confirmed")
        expect(card.locator(".state")).to_have_text("已确认，办理中…")
        desk.cut.set()
        desk.change(status="unknown")
        page.wait_for_timeout(300)
        desk.cut.clear()
        followed(page, desk, 2)
        expect(card.locator(".state")).to_have_text(
            "结果不明，已交给工作人员核实，请不要重复提交。"
        )
        assert desk.opened[0] is None
        assert desk.opened[-1] in ("1", "2")


def test_a_pending_action_is_followed_after_a_reload_and_no_longer_once_it_has_ended(
    page: Page, site: Site
) -> None:
    with action_desk(page) as desk:
        card = proposed(page, site)
        followed(page, desk)
        page.reload()
        followed(page, desk, 2)
        desk.change(status="cancelled")
        expect(card.locator(".state")).to_have_text("已取消，没有办理。")
        opened = len(desk.opened)
        page.reload()
        expect(card.locator(".state")).to_have_text("已取消，没有办理。")
        page.wait_for_timeout(500)
        assert len(desk.opened) == opened


def test_a_copied_answer_has_nothing_of_its_card(page: Page, site: Site) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    with action_desk(page, tools=[DONE]):
        proposed(page, site)
        page.locator(".turn.assistant .copy").click()
        expect(page.locator(".turn.assistant .copy")).to_have_attribute("title", "已复制")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == "抬头可以更正，请核对下面的申请。"


def test_an_answer_with_an_action_is_not_asked_again_by_one_click(page: Page, site: Site) -> None:
    with action_desk(page):
        proposed(page, site)
        expect(page.locator(".turn.assistant .regenerate")).to_have_count(0)


def test_the_card_speaks_english_and_fits_a_phone_in_both_themes(
    browser: Browser, site: Site, axe: Axe
) -> None:
    for theme in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": 390, "height": 844},
            locale="en-GB",
            http_credentials=AGENT,
            color_scheme=theme,
            reduced_motion="reduce",
        )
        page = context.new_page()
        with action_desk(page, tools=[DONE | {"title": "Track a parcel"}]):
            card = proposed(page, site)
            expect(card.locator("h2")).to_have_text("Request a red-letter invoice")
            expect(card.locator(".state")).to_have_text(
                "Please confirm. Nothing is done before you do."
            )
            expect(card.locator("button")).to_have_text(["Confirm", "Cancel"])
            box = card.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            assert axe(page) == []
        context.close()
