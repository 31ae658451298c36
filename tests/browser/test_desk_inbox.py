"""The staff's inbox: who waits, taking a conversation over, answering and ending it."""

import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.desk_kit import Waiting, as_staff, open_desk, row, waiting
from tests.browser.kit import READING, Scheme
from tests.support.chromium import Axe
from tests.support.servers import Running

PAYLOAD = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>{{7*7}}'


@pytest.fixture(autouse=True)
def nobody_waits_after(staffed: Running) -> Iterator[None]:
    """Ends what a test leaves in the queue, or with `demo`."""
    yield
    for status in ("open", "missed", "mine"):
        url = f"{staffed.url}/api/desk/handoffs?status={status}"
        for one in requests.get(url, timeout=20).json()["data"]:
            as_staff(staffed, "demo", f"handoffs/{one['id']}/resolve", outcome="solved")


@pytest.fixture(scope="module")
def parcel(staffed: Running) -> Waiting:
    """A customer with a picture, whose parcel the assistant has looked up."""
    more = {"note": "三天没动了", "contact": "lihua@example.com"}
    return waiting(staffed, "这个运单到哪了？", "waybill.png", **more)


def test_a_person_is_answered_from_the_claim_to_the_end(
    page: Page, staffed: Running, parcel: Waiting
) -> None:
    open_desk(page, staffed)
    entry = row(page, parcel.number)
    expect(entry.locator(".reason")).to_have_text("客户要求")
    expect(entry.locator(".since")).to_have_text(re.compile(r"^\d+:\d\d$"))
    entry.locator("a").click()
    expect(page.locator(".case h2")).to_be_focused()
    beside = page.locator(".beside")
    expect(beside).to_contain_text("三天没动了")
    expect(beside).to_contain_text("lihua@example.com")
    expect(beside.locator(".tried")).to_contain_text("查询物流")
    expect(beside.locator(".read dd").first).to_contain_text("SF1402857369214")
    expect(page.locator(".reply")).to_be_hidden()
    page.get_by_role("button", name="接手").click()
    expect(page.locator(".reply textarea")).to_be_focused()
    expect(page).to_have_url(re.compile("#/inbox/mine/"))
    page.fill(".reply textarea", "您好，正在核实。")
    page.locator(".reply .send").click()
    last = page.locator(".said").last
    expect(last.locator(".words")).to_have_text("您好，正在核实。")
    expect(page.locator(".reply textarea")).to_be_focused()
    expect(last.locator(".author")).to_have_text("demo")
    expect(page.locator(".reply textarea")).to_have_value("")
    assert parcel.said()[-1] == ("staff", "您好，正在核实。")
    page.get_by_role("button", name="结束").click()
    page.get_by_label("未解决").check()
    page.get_by_label("备注（选填，客户看不到）").fill("转给仓库")
    page.get_by_role("dialog").get_by_role("button", name="结束").click()
    expect(page.locator(".case .state")).to_contain_text("未解决")
    expect(page.locator(".reply")).to_be_hidden()
    page.get_by_role("link", name="已结束").click()
    expect(row(page, parcel.number).locator(".outcome")).to_have_text("未解决")


def test_a_picture_opens_with_the_field_that_was_read(
    page: Page, staffed: Running, parcel: Waiting
) -> None:
    open_desk(page, staffed, f"#/inbox/resolved/{parcel.id}")
    page.get_by_role("button", name="在图中标出运单号").click()
    expect(page.locator(".lightbox .region.lit")).to_be_visible()
    expect(page.locator(".lightbox .caption")).to_contain_text("SF1402857369214")
    assert page.locator(".lightbox img").evaluate("(image) => image.naturalWidth") > 300
    page.keyboard.press("Escape")
    expect(page.locator(".lightbox")).to_have_count(0)
    expect(page.locator(".case")).to_be_visible()


def test_what_a_colleague_claims_is_seen_at_once_and_cannot_be_claimed_again(
    page: Page, staffed: Running
) -> None:
    one = waiting(staffed, "退货运费谁出")
    open_desk(page, staffed, f"#/inbox/open/{one.id}")
    claim = page.get_by_role("button", name="接手")
    expect(claim).to_be_visible()
    as_staff(staffed, "ben", f"handoffs/{one.id}/claim")
    expect(claim).to_be_hidden()
    expect(page.locator(".case .state")).to_have_text("ben 处理中")
    expect(row(page, one.number)).to_have_count(0)
    as_staff(staffed, "ben", f"handoffs/{one.id}/resolve", outcome="solved")


def test_of_two_who_claim_at_once_the_slower_one_is_told_who_has_it(
    page: Page, staffed: Running
) -> None:
    one = waiting(staffed, "多少钱包邮")
    open_desk(page, staffed, f"#/inbox/open/{one.id}")

    def ben_is_faster(route: Route) -> None:
        as_staff(staffed, "ben", f"handoffs/{one.id}/claim")
        route.continue_()

    page.route("**/claim", ben_is_faster, times=1)
    page.get_by_role("button", name="接手").click()
    expect(page.locator(".case-problem")).to_have_text("ben 已经接手了。")
    expect(page.locator(".case .state")).to_have_text("ben 处理中")
    as_staff(staffed, "ben", f"handoffs/{one.id}/resolve", outcome="solved")


def test_a_new_wish_is_announced_marked_and_counted_in_the_tab(
    page: Page, staffed: Running
) -> None:
    open_desk(page, staffed)
    expect(page.locator(".rows")).to_be_attached()
    one = waiting(staffed, "发票怎么开")
    entry = row(page, one.number)
    expect(entry).to_have_class("unread")
    expect(page.locator("#announcer")).to_have_text(f"新的人工请求 {one.handoff['number']}")
    expect(page).to_have_title(re.compile(r"^\(\d+\) 收件箱"))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("waiting"))
    expect(entry.locator(".title")).to_have_text("发票怎么开")
    entry.locator("a").click()
    expect(entry).not_to_have_class("unread")


def test_a_clause_goes_into_the_reply_and_the_reply_outlives_a_reload(
    page: Page, staffed: Running
) -> None:
    one = waiting(staffed, "你好")
    open_desk(page, staffed, f"#/inbox/open/{one.id}")
    page.get_by_role("button", name="接手").click()
    expect(page.locator(".reply")).to_be_visible()
    page.fill(".ready input", "退货运费谁承担")
    page.press(".ready input", "Enter")
    page.get_by_role("button", name="放进回复").first.click()
    reply = page.locator(".reply textarea")
    expect(reply).to_have_value(re.compile("运费"))
    page.reload()
    expect(reply).to_have_value(re.compile("运费"))
    assert one.said()[-1][0] == "assistant"
    page.get_by_role("button", name="放回队列").click()
    expect(page.get_by_role("button", name="接手")).to_be_visible()
    expect(reply).to_be_hidden()


def test_a_draft_is_put_into_the_reply_and_sent_by_nobody_but_the_person(
    page: Page, staffed: Running
) -> None:
    one = waiting(staffed, "退货运费谁承担？")
    open_desk(page, staffed, f"#/inbox/open/{one.id}")
    page.get_by_role("button", name="接手").click()
    page.get_by_role("button", name="建议草稿").click()
    reply = page.locator(".reply textarea")
    expect(reply).to_have_value(re.compile("运费"), timeout=READING)
    expect(reply).not_to_have_value(re.compile("依据|\\*\\*"))
    expect(page.locator(".basis .chip").first).to_contain_text("条")
    expect(page.locator(".masked")).to_be_empty()
    reply.fill("请联系 13812345678")
    expect(page.locator(".masked")).to_contain_text("打星号")
    assert one.said()[-1][0] == "assistant"
    reply.fill("")
    expect(page.locator(".basis")).to_be_hidden()


def test_a_draft_tells_again_what_a_system_has_told(page: Page, staffed: Running) -> None:
    one = waiting(staffed, "这个运单到哪了？", "waybill.png")
    open_desk(page, staffed, f"#/inbox/open/{one.id}")
    page.get_by_role("button", name="接手").click()
    expect(page.locator(".reply")).to_be_visible()
    one.customer.begin("我的快递什么时候能到？", one.conversation).close()
    expect(page.locator(".said[data-role=user] .words").last).to_have_text("我的快递什么时候能到？")
    page.get_by_role("button", name="建议草稿").click()
    reply = page.locator(".reply textarea")
    expect(reply).to_have_value(re.compile("2026-11-23 18:00"), timeout=READING)
    expect(reply).not_to_have_value(re.compile("刚刚|仓库"))
    expect(page.locator(".basis .told")).to_contain_text("查询物流")
    reply.fill("")


def test_what_the_customer_writes_is_read_at_once_and_marked_where_it_is_not(
    page: Page, staffed: Running
) -> None:
    one, other = waiting(staffed, "你好"), waiting(staffed, "您好")
    open_desk(page, staffed, f"#/inbox/open/{one.id}")
    page.get_by_role("button", name="接手").click()
    expect(page.locator(".reply")).to_be_visible()
    one.customer.begin("还在吗？", one.conversation).close()
    expect(page.locator(".said[data-role=user] .words").last).to_have_text("还在吗？")
    expect(page.locator(".case .since")).to_have_text(re.compile(r"^0:\d\d$"))
    page.goto(f"{staffed.url}/desk.html#/inbox/open/{other.id}")
    one.customer.begin("请尽快", one.conversation).close()
    expect(page.locator("#announcer")).to_have_text(f"{one.handoff['number']} 号客户有新消息")
    page.get_by_role("link", name="我的").click()
    expect(row(page, one.number)).to_have_class("unread")
    expect(row(page, one.number).locator(".last")).to_have_text("请尽快")


def test_the_list_is_walked_by_arrows_enter_opens_and_escape_comes_back(
    page: Page, staffed: Running
) -> None:
    for question in ("保修多久", "怎么查物流"):
        waiting(staffed, question)
    open_desk(page, staffed)
    links = page.locator(".rows a")
    expect(links).to_have_count(2)
    links.first.focus()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".case h2")).to_be_focused()
    # The list is drawn again with each event; the focus stays where it was.
    page.keyboard.press("Escape")
    expect(links.nth(1)).to_be_focused()
    waiting(staffed, "退款多久到账")
    expect(links).to_have_count(3)
    expect(links.nth(1)).to_be_focused()


def test_words_of_customers_stay_words(page: Page, staffed: Running) -> None:
    one = waiting(staffed, PAYLOAD, note=PAYLOAD, contact=PAYLOAD)
    open_desk(page, staffed, f"#/inbox/open/{one.id}")
    expect(page.locator(".said .words").first).to_have_text(PAYLOAD)
    expect(page.locator(".beside")).to_contain_text(PAYLOAD)
    expect(row(page, one.number).locator(".title")).to_contain_text("<img")
    page.get_by_role("button", name="接手").click()
    page.fill(".reply textarea", PAYLOAD)
    page.press(".reply textarea", "Enter")
    expect(page.locator(".said").last.locator(".words")).to_have_text(PAYLOAD)
    assert page.locator(".view :is(img, script)").count() == 0
    assert page.evaluate("window.broken") is None


def test_without_the_network_the_page_says_so_and_catches_up(page: Page, staffed: Running) -> None:
    open_desk(page, staffed)
    expect(page.locator(".queue")).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_have_text("网络已断开，显示的内容可能不是最新的。")
    one = waiting(staffed, "在吗")
    page.context.set_offline(False)
    expect(row(page, one.number)).to_be_visible(timeout=45_000)
    expect(page.locator("#banner")).to_be_hidden()


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("zh-CN", "light", 1366), ("en", "dark", 1366), ("en", "light", 390)],
)
def test_the_inbox_is_accessible(
    browser: Browser, staffed: Running, axe: Axe, locale: str, scheme: Scheme, width: int
) -> None:
    one = waiting(staffed, "这是什么错误？", "app-error.png", contact="a@example.com")
    context = browser.new_context(
        viewport={"width": width, "height": 768},
        locale=locale,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    open_desk(page, staffed)
    expect(row(page, one.number)).to_be_visible()
    assert axe(page) == []
    row(page, one.number).locator("a").click()
    page.locator("[data-step=claim]").click()
    expect(page.locator(".reply")).to_be_visible()
    assert axe(page) == []
    if width < 1180:
        page.locator(".facts-toggle").click()
        expect(page.locator(".beside")).to_be_visible()
        assert axe(page) == []
        page.keyboard.press("Escape")
        expect(page.locator(".beside")).to_be_hidden()
        expect(page.locator(".facts-toggle")).to_be_focused()
        page.locator(".facts-toggle").click()
        page.locator(".facts-close").click()
        expect(page.locator(".beside")).to_be_hidden()
    page.locator("[data-step=resolve]").click()
    assert axe(page) == []
    page.keyboard.press("Escape")
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert page.evaluate(wide) is False
    assert page.evaluate("document.documentElement.scrollHeight > innerHeight") is False
    context.close()
