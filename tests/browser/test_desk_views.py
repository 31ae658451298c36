"""The staff's views Quality, Figures and System, each state checked by axe-core."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect
from sqlalchemy import update

from gateway.storage.database import attach_database
from gateway.storage.models import Turn
from tests.support.chromium import Axe
from tests.support.company import CANCEL, TRACK
from tests.support.random_records import RandomRecords, store
from tests.support.servers import Running, running_gateway

DAY_MS = 86_400_000
NOTHING_LISTENS = "http://127.0.0.1:9"
SCREEN: ViewportSize = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 390, "height": 844}
CLAIMS = {"supported": False, "unsupported": ["<b>128.50</b> 元"]}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With a month of conversations. No engine: clauses are found by words alone."""
    data = tmp_path_factory.mktemp("desk")
    connectors = data / "connectors"
    connectors.mkdir()
    (connectors / "track_parcel.yaml").write_text(TRACK, "utf-8")
    (connectors / "cancel_order.yaml").write_text(CANCEL, "utf-8")
    (connectors / "broken.yaml").write_text("title: {zh: 坏的}\neffect: maybe\n", "utf-8")
    with running_gateway(
        NOTHING_LISTENS,
        data,
        READER_URL="",
        STAFF_ANONYMOUS="1",
        CONNECTORS_DIR=str(connectors),
        CONNECTOR_COMPANY_URL=NOTHING_LISTENS,
        CONNECTOR_COMPANY_TOKEN="secret-of-the-tests",
    ) as gateway:
        fill(data)
        yield gateway


def fill(data: Path) -> None:
    begin = round(1000 * time.time()) - 28 * DAY_MS
    with closing(attach_database(f"sqlite:///{data}/sightdesk.db")) as database:
        store(database, RandomRecords(7, 150, begin, 26 * DAY_MS))
        with database.writing() as session:
            session.execute(
                update(Turn).where(Turn.is_ungrounded.is_(True)).values(grounding=CLAIMS)
            )


@contextmanager
def visiting(browser: Browser, **more: Any) -> Iterator[Page]:
    """A script error fails the test. axe-core adds styles that the page's policy refuses, so who
    looks for violations of the policy does it before that."""
    context = browser.new_context(**{"viewport": SCREEN, "locale": "zh-CN", **more})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visiting(browser) as made:
        yield made


@pytest.fixture
def english(browser: Browser) -> Iterator[Page]:
    with visiting(browser, locale="en-GB", color_scheme="dark") as made:
        yield made


def open_view(page: Page, desk: Running, route: str, first: str) -> list[str]:
    """Opens a view and waits for `first`. Returns the list that the browser's complaints go to."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    page.on("console", hear)
    page.goto(f"{desk.url}/desk.html#/{route}")
    expect(page.locator(first).first).to_be_visible()
    return complaints


def read(desk: Running, path: str) -> Any:
    return requests.get(f"{desk.url}/api/desk/{path}", timeout=10).json()


def test_a_clause_is_written_for_a_group_tried_kept_and_taken_back(
    page: Page, desk: Running, axe: Axe
) -> None:
    open_view(page, desk, "quality", ".worklist > li")
    assert axe(page) == []
    group = page.locator(".worklist > li").filter(has_text="怎么加盟")
    group.get_by_role("button", name="写条款").click()
    editor = group.locator(".editor")
    expect(editor.get_by_label("正确的答复")).to_be_focused()
    page.keyboard.type("加盟请发邮件给招商部。")
    expect(editor.get_by_role("button", name="保存")).to_be_disabled()
    editor.get_by_label("用别的问法试试").fill("怎么加盟？\n发票怎么开")
    editor.get_by_role("button", name="试一试").click()
    rows = editor.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("这条更正")
    expect(rows.nth(2)).not_to_contain_text("这条更正")
    assert axe(page) == []
    assert read(desk, "corrections")["data"] == []
    expect(editor.get_by_role("button", name="保存")).to_be_focused()
    page.keyboard.press("Enter")
    expect(editor.get_by_text("已保存")).to_be_visible()
    expect(editor.get_by_role("button", name="撤回")).to_be_focused()
    assert axe(page) == []
    [kept] = read(desk, "corrections")["data"]
    assert (kept["text"], kept["questions"]) == ("加盟请发邮件给招商部。", ["怎么加盟"])
    found = read(desk, "knowledge/search?query=怎么加盟")
    assert found["data"][0]["reason"] == "correction"
    page.get_by_role("link", name="已有更正").click()
    expect(page.locator(".worklist > li")).to_contain_text("加盟请发邮件给招商部。")
    assert axe(page) == []
    page.get_by_role("button", name="撤回").click()
    expect(page.locator("#toast")).to_have_text("已撤回。")
    expect(page.locator(".worklist > li")).to_be_focused()
    assert read(desk, "corrections")["data"] == []


def test_bad_answers_are_read_with_their_conversation_and_corrected_in_english(
    english: Page, desk: Running, axe: Axe
) -> None:
    page = english
    open_view(page, desk, "quality/ungrounded", ".worklist > li")
    item = page.locator(".worklist > li").first
    expect(item).to_contain_text("In none of the sources: <b>128.50</b> 元")
    assert axe(page) == []
    item.get_by_role("button", name="View the conversation").click()
    expect(page.get_by_role("dialog").locator(".said").first).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Rated down").click()
    item = page.locator(".worklist > li").first
    item.get_by_role("button", name="Correct this answer").click()
    editor = item.locator(".editor")
    expect(editor.get_by_label("The right answer")).not_to_be_empty()
    editor.get_by_label("The right answer").fill("Seven days.")
    editor.get_by_role("button", name="Try it").click()
    expect(editor.locator(".trial")).to_contain_text("Questions that would use it: 1 of 1")
    editor.get_by_role("button", name="Keep").click()
    editor.get_by_role("button", name="Take back").click()
    expect(editor.get_by_role("button", name="Keep")).to_be_visible()
    assert read(desk, "corrections")["data"] == []


def test_the_figures_are_those_of_the_route_with_formulas_charts_and_tables(
    page: Page, desk: Running, axe: Axe
) -> None:
    complaints = open_view(page, desk, "figures", ".plot canvas")
    expect(page.locator(".plot canvas")).to_have_count(4)
    page.locator(".plot").first.hover()
    assert complaints == []  # the policy of the page refuses nothing that the charts do
    assert axe(page) == []
    period = (
        f"{page.locator('[name=from]').input_value()}&to={page.locator('[name=to]').input_value()}"
    )
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    stats = read(desk, f"stats?from={period}&zone={zone}")
    tile = page.locator(".tile").filter(has_text="提问").first
    expect(tile.locator("strong")).to_have_text(f"{stats['questions']:,}")
    name = page.locator(".tile .figure-name").get_by_text("推定解决")
    name.focus()
    formula = page.get_by_role("tooltip").filter(has_text="24 小时内没有再问同一主题")
    expect(formula.first).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(formula.first).to_be_hidden()
    hours = page.locator(".card").filter(has_text="一天中的各个时段")
    hours.get_by_text("以表格查看").click()
    expect(hours.locator("tbody tr")).to_have_count(24)
    assert axe(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="JSONL").click()
    lines = Path(download.value.path()).read_text("utf-8").splitlines()
    exchanges = [one for one in map(json.loads, lines) if one["object"] == "exchange"]
    assert len(exchanges) == stats["questions"]
    page.get_by_role("link", name="最近 7 天").click()
    expect(page.get_by_role("link", name="最近 7 天")).to_have_attribute("aria-current", "true")
    expect(tile.locator("strong")).not_to_have_text(f"{stats['questions']:,}")


def test_figures_name_tools_by_title_and_exports_tell_what_training_data_there_is(
    page: Page, desk: Running, axe: Axe
) -> None:
    open_view(page, desk, "figures", ".plot canvas")
    actions = page.get_by_role("region", name="操作")
    expect(actions).to_contain_text("取消订单")
    expect(actions).not_to_contain_text("cancel_order")
    expect(actions).to_contain_text("issue_refund")  # its connector is gone
    training = page.get_by_role("link", name="OpenAI")
    training.scroll_into_view_if_needed()
    expect(page.locator(".exports")).to_contain_text(re.compile(r"所选时间内有 [1-9]\d* 条"))
    with page.expect_download() as download:
        training.click()
    assert re.fullmatch(
        r"sightdesk-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d-openai.jsonl", download.value.suggested_filename
    )
    page.goto(f"{desk.url}/desk.html#/figures?from=2020-01-01&to=2020-01-02")
    expect(page.locator(".exports")).to_contain_text("所选时间内有 0 条")
    expect(training).to_be_disabled()
    assert axe(page) == []


def test_the_system_tells_why_clauses_are_found_and_how_each_part_is(
    page: Page, desk: Running, axe: Axe
) -> None:
    open_view(page, desk, "system", ".search-form")
    page.get_by_label("问题").fill("七天无理由退货怎么申请")
    page.keyboard.press("Enter")
    first = page.locator(".clause-row").first
    expect(first).to_contain_text("采用")
    expect(first).to_contain_text("字词重合")
    expect(page.locator(".clause-row").last).to_contain_text("未采用")
    expect(page.locator("table")).to_contain_text("after-sales.md")
    version = read(desk, "knowledge")["version"]
    expect(page.get_by_text(f"当前知识版本：{version}")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="业务系统").click()
    systems = page.locator(".systems li")
    expect(systems.filter(has_text="track_parcel")).to_contain_text("无法使用")
    expect(systems.filter(has_text="track_parcel")).to_contain_text("连接不上")
    expect(page.locator("table").first).to_contain_text("broken.yaml")
    expect(page.locator("table").first).to_contain_text("连接器文件有误")
    assert axe(page) == []
    page.get_by_role("link", name="运行状态").click()
    expect(page.locator("table").first).to_contain_text("engine-1")
    expect(page.get_by_text("无响应")).to_be_visible()
    tasks = page.get_by_role("region", name="后台任务")
    task = tasks.locator("tr", has_text="webhooks")
    expect(task.locator("span > span")).to_have_text("推送 Webhook 事件")
    expect(task.locator("code").first).to_have_css("margin-left", "8px")
    assert "secret-of-the-tests" not in page.content()
    assert axe(page) == []


@pytest.mark.parametrize("size", [SCREEN, PHONE], ids=["screen", "phone"])
def test_the_views_fit_the_window_and_only_they_scroll(
    page: Page, desk: Running, axe: Axe, size: ViewportSize
) -> None:
    page.set_viewport_size(size)
    views = {
        "inbox": ".queue",
        "approvals": ".queue",
        "quality/down": ".worklist > li",
        "quality/corrections": ".parts",
        "figures": ".plot canvas",
        "system?q=怎么退货": ".search-form",
    }
    for route, first in views.items():
        open_view(page, desk, route, first)
        width = page.evaluate("document.querySelector('#view').scrollWidth")
        assert width <= size["width"], route
        height = page.evaluate("document.documentElement.scrollHeight")
        assert height <= size["height"], route
        for link in page.locator(".parts [aria-current]").all():
            expect(link).to_be_in_viewport(ratio=0.99)
        if size == PHONE:
            assert axe(page) == [], route
