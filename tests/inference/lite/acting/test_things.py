"""A write is for the thing that the wish names, known to the tables or not."""

from typing import Any

import pytest

from tests.inference.lite.acting.conversations import Thread, desk_with

ORDER = "QH202611180042317"
INVOICE = "26332000000187405931"


@pytest.mark.parametrize(
    "question",
    [
        f"取消订单 {ORDER} 的提醒",
        f"取消订单 {ORDER} 的短信通知",
        f"取消订单 {ORDER} 的退款申请",
        f"取消订单 {ORDER} 的自动续费",
    ],
)
def test_another_thing_of_an_order_is_not_the_order(question: str) -> None:
    assert Thread(desk_with("cancel_order")).ask(question).calls == []


def test_an_invoice_title_is_never_an_address() -> None:
    for question in (
        f"发票 {INVOICE} 抬头改成杭州青禾科技有限公司 订单 {ORDER}",
        f"把发票 {INVOICE} 的抬头改一下，订单 {ORDER} 不用动",
    ):
        reply = Thread(desk_with("change_address")).ask(question)
        assert (reply.calls, "地址" in reply.text) == ([], False)


def _tool(name: str, zh: str, en: str, effect: str = "write", pattern: str = "") -> dict[str, Any]:
    properties = {"number": {"type": "string", "pattern": pattern}} if pattern else {}
    return {
        "name": name,
        "title": {"zh": zh, "en": en},
        "description": {"zh": zh, "en": en},
        "effect": effect,
        "parameters": {"type": "object", "properties": properties, "required": [*properties]},
        "fields": {},
        "labels": {"number": {"zh": "编号", "en": "number"}} if pattern else {},
    }


@pytest.mark.parametrize(
    ("question", "name", "number"),
    [
        ("卡丢了，帮我挂失 6222021234567890123", "report_lost", "6222021234567890123"),
        ("AP-204518 我去不了了，帮我取消", "cancel_visit", "AP-204518"),
        ("I can't make AP-204518, please cancel it", "cancel_visit", "AP-204518"),
    ],
)
def test_an_act_and_a_number_mean_a_tool_of_any_trade(
    question: str, name: str, number: str
) -> None:
    offered = [
        _tool("report_lost", "挂失银行卡", "Report a lost card", pattern=r"^\d{16,19}$"),
        _tool("cancel_visit", "取消预约", "Cancel an appointment", pattern=r"^AP-\d{6}$"),
    ]
    # "block" is the act of the first tool in Chinese, "cancel" of the second.
    reply = Thread(desk_with(tools=offered)).ask(question)
    assert reply.calls == [{"name": name, "arguments": {"number": number}}]


def test_the_name_of_something_of_ones_own_reads_it() -> None:
    offered = [_tool("timetable", "查询课表", "Show the timetable", effect="read")]
    for question in ("我的课表", "帮我看看我的课表"):
        reply = Thread(desk_with(tools=offered)).ask(question)
        assert reply.calls == [{"name": "timetable", "arguments": {}}]
    assert Thread(desk_with(tools=offered)).ask("课表什么时候出").calls == []


def test_an_act_alone_in_its_clause_is_for_the_number_of_the_question() -> None:
    angry = f"帮帮我！！！{ORDER} 一直没发货，气死了，给我取消！！！"
    reply = Thread(desk_with("cancel_order", "change_address", intent="anger")).ask(angry)
    assert reply.calls == [{"name": "cancel_order", "arguments": {"order": ORDER}}]
    thread = Thread(desk_with("cancel_order"))
    thread.ask(f"订单 {ORDER}")
    assert thread.ask("会员续费太贵了，取消").calls == []


@pytest.mark.parametrize(
    "question",
    [
        "解除挂失 6222021234567890123",
        "取消挂失 6222021234567890123",
        "重新预约 AP-204518",
        "预约 AP-204518 取消了，为什么还收费",
        "把 AP-204518 的取消撤回",
        "请帮我撤回发奖品 PZ-204518",
    ],
)
def test_a_tool_is_not_called_for_the_reverse_of_what_it_does(question: str) -> None:
    offered = [
        _tool("report_lost", "挂失银行卡", "Report a lost card", pattern=r"^\d{16,19}$"),
        _tool("cancel_visit", "取消预约", "Cancel an appointment", pattern=r"^AP-\d{6}$"),
        _tool("give_prize", "发奖品", "Hand out a prize", pattern=r"^PZ-\d{6}$"),
    ]
    assert Thread(desk_with(tools=offered)).ask(question).calls == []
