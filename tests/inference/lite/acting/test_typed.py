"""Which of several typed codes a call takes, and when the person is asked."""

from typing import Any

import pytest

from tests.inference.lite.acting.conversations import Thread, desk_with

ORDER = "QH202611180042317"
OTHER = "QH202611180042999"
INVOICE = "26332000000187405931"
TAX = "91330100MA2ABCDE1X"
NEW_TITLE = "杭州青禾科技有限公司"


@pytest.mark.parametrize(
    "question",
    [
        f"取消订单 {OTHER} 和 {ORDER}",
        f"我有两个订单 {OTHER} 和 {ORDER}，取消后面那个",
        f"取消 {OTHER}，哦不对，是 {ORDER}",
        f"Cancel {OTHER}. Sorry, I mean {ORDER}",
    ],
)
def test_of_two_typed_numbers_a_write_takes_none_without_asking(question: str) -> None:
    reply = Thread(desk_with("cancel_order")).ask(question)
    assert (reply.calls, reply.outcome) == ([], "clarify")
    assert ORDER in reply.text
    assert OTHER in reply.text


@pytest.mark.parametrize(
    "question",
    [
        f"取消 {ORDER}，不要取消 {OTHER}",
        f"不是 {OTHER}，是 {ORDER}，帮我取消",
        f"Cancel order {ORDER}, not {OTHER}",
    ],
)
def test_a_number_that_is_denied_is_not_meant(question: str) -> None:
    reply = Thread(desk_with("cancel_order")).ask(question)
    assert reply.calls == [{"name": "cancel_order", "arguments": {"order": ORDER}}]


def _phone() -> dict[str, Any]:
    properties = {"phone": {"type": "string", "pattern": r"^1\d{10}$"}}
    return {
        "name": "change_phone",
        "title": {"zh": "修改预留手机号", "en": "Change the registered phone number"},
        "description": {"zh": "修改银行预留的手机号", "en": "Changes the phone number on record"},
        "effect": "write",
        "parameters": {"type": "object", "properties": properties, "required": ["phone"]},
        "fields": {},
        "labels": {"phone": {"zh": "新手机号", "en": "new phone number"}},
    }


@pytest.mark.parametrize(
    "question",
    [
        "把预留手机号从 13800138000 改成 13900139000",
        "Change my phone number from 13800138000 to 13900139000",
        "帮我改预留手机号，旧号码是 13800138000，新号码是 13900139000",
    ],
)
def test_of_an_old_and_a_new_value_the_new_one_is_taken(question: str) -> None:
    reply = Thread(desk_with(tools=[_phone()])).ask(question)
    assert reply.calls == [{"name": "change_phone", "arguments": {"phone": "13900139000"}}]


def test_the_old_value_alone_is_not_the_new_one() -> None:
    thread = Thread(desk_with(tools=[_phone()]))
    thread.ask("我要改预留手机号")
    assert thread.ask("现在的是 13800138000").calls == []


def _red_letter() -> dict[str, Any]:
    desk = desk_with("request_red_letter")
    parameters = desk["tools"][0]["parameters"]
    parameters["properties"]["tax_number"] = {"type": "string", "pattern": "^[0-9A-Z]{15,20}$"}
    parameters["required"] = ["invoice", "title"]
    del parameters["properties"]["reason"]
    desk["tools"][0]["labels"]["tax_number"] = {"zh": "正确的税号", "en": "correct tax number"}
    return desk


@pytest.mark.parametrize(
    ("question", "tax"),
    [
        (f"发票 {INVOICE} 抬头改成{NEW_TITLE}，税号 {TAX}，请重开", TAX),
        (f"发票 {INVOICE} 税号 {TAX} 写错了，抬头改成{NEW_TITLE}，请重开", None),
        (f"发票 {INVOICE} {ORDER} 抬头改成{NEW_TITLE}，请重开", None),
    ],
)
def test_a_value_that_may_be_left_out_is_taken_behind_its_own_name_only(
    question: str, tax: str | None
) -> None:
    reply = Thread(_red_letter()).ask(question)
    assert reply.calls[0]["arguments"]["title"] == NEW_TITLE
    assert reply.calls[0]["arguments"].get("tax_number") == tax


@pytest.mark.parametrize(
    ("question", "address"),
    [
        (f"把地址改成上海市世纪大道 100 号，订单 {ORDER}", "上海市世纪大道 100 号"),
        (f"把地址改成上海市世纪大道 100 号 订单号 {ORDER}", "上海市世纪大道 100 号"),
        (f"Change the address to 5 High Street, Leeds for order {ORDER}", "5 High Street, Leeds"),
    ],
)
def test_a_text_ends_before_another_value_of_the_call(question: str, address: str) -> None:
    reply = Thread(desk_with("change_address")).ask(question)
    assert reply.calls[0]["arguments"] == {"order": ORDER, "address": address}


def test_a_number_alone_behind_a_few_words_is_no_text() -> None:
    reply = Thread(desk_with("change_address")).ask(f"把地址改成公司 {ORDER}")
    assert (reply.calls, reply.outcome) == ([], "clarify")


@pytest.mark.parametrize("typed", ["QH123", "QH20261118004", "qh2026111800423170"])
def test_a_mistyped_number_is_not_taken_for_an_earlier_one(typed: str) -> None:
    thread = Thread(desk_with("cancel_order", "order_status"))
    thread.ask(f"订单 {ORDER} 什么状态")
    reply = thread.ask(f"取消订单 {typed}")
    assert (reply.calls, reply.outcome) == ([], "clarify")


def test_an_earlier_number_is_taken_beside_a_code_of_another_kind() -> None:
    thread = Thread(desk_with("cancel_order", "order_status"))
    thread.ask(f"订单 {ORDER} 什么状态")
    reply = thread.ask("我的手机是 iPhone15，取消这个订单")
    assert [one["arguments"] for one in reply.calls] == [{"order": ORDER}]


@pytest.mark.parametrize(
    "typed",
    [
        "SF 1402 8573 69214",
        "SF1402-8573-69214",
        "sf 140285736 9214",
        "SF14 0285 7369 214",
        "SF14O2857369214",
        "SFI402857369214",
    ],
)
def test_a_number_in_groups_or_with_a_mistaken_letter_is_looked_up(typed: str) -> None:
    calls = Thread(desk_with()).ask(f"快递 {typed} 到哪了？").calls
    assert calls == [{"name": "track_parcel", "arguments": {"waybill": "SF1402857369214"}}]


def test_a_number_in_groups_is_changed_and_a_guessed_one_is_asked_for_first() -> None:
    read = [{"name": "order_status", "arguments": {"order": ORDER}}]
    grouped = f"{ORDER[:6]} {ORDER[6:10]} {ORDER[10:14]} {ORDER[14:]}"
    assert Thread(desk_with()).ask(f"取消订单 {grouped}").calls == read
    guessed = Thread(desk_with("cancel_order")).ask(f"取消订单 {ORDER.replace('0', 'O', 1)}")
    assert guessed.calls == []
    assert (guessed.outcome, ORDER in guessed.text) == ("clarify", True)


@pytest.mark.parametrize(
    "question",
    [
        "2026-11-18 09 30 05 寄出的快递到哪了",
        "电话 138 1234 5678 的快递到哪了",
        "我 11 月 18 日 寄的快递到哪了",
    ],
)
def test_dates_and_phones_are_put_together_to_no_number(question: str) -> None:
    assert Thread(desk_with()).ask(question).calls == []
