"""The reply to a question back: a value, or something else that no system may get as one."""

import pytest

from tests.inference.lite.acting.conversations import Thread, desk_with, tools

ORDER = "QH202611180042317"
INVOICE = "26332000000187405931"


def _asked(question: str, *names: str) -> Thread:
    desk = desk_with(*names)
    if names == ("request_red_letter",):
        desk["tools"] = tools(*names)
        desk["tools"][0]["parameters"]["required"] = ["invoice", "title"]
    thread = Thread(desk)
    assert thread.ask(question).outcome == "clarify"
    return thread


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("我要取消订单", f"算了 {ORDER} 不取消了"),
        ("我要取消订单", f"等等，{ORDER} 我再想想"),
        ("Cancel my order", f"Actually no, keep it. My number is {ORDER}"),
        ("Cancel my order", f"{ORDER} but wait, don't do it yet"),
    ],
)
def test_a_reply_that_takes_the_wish_back_calls_nothing(question: str, reply: str) -> None:
    assert _asked(question, "cancel_order").ask(reply).calls == []


@pytest.mark.parametrize(
    "reply",
    ["不改了", "等我问下财务", "稍后发你", "好的", "???", "Let me ask my accountant", "hold on"],
)
def test_words_that_are_no_value_are_not_taken_as_a_text(reply: str) -> None:
    thread = _asked(f"红冲发票 {INVOICE}", "request_red_letter")
    assert thread.ask(reply).calls == []


def test_what_an_angry_person_writes_is_no_text_but_a_number_is_taken() -> None:
    thread = _asked(f"红冲发票 {INVOICE}", "request_red_letter")
    assert thread.ask("烦死了，你们太慢了", intent="anger").calls == []
    thread = _asked("我要取消订单", "cancel_order")
    reply = thread.ask(f"{ORDER}，快点！气死我了", intent="anger")
    assert reply.calls == [{"name": "cancel_order", "arguments": {"order": ORDER}}]


def test_an_address_names_a_number_or_a_kind_of_place() -> None:
    thread = _asked(f"订单 {ORDER} 改地址", "change_address")
    assert thread.ask("你们也太慢了吧真是的").calls == []
    thread = _asked(f"订单 {ORDER} 改地址", "change_address")
    reply = thread.ask("上海市浦东新区世纪大道 100 号，改好告诉我")
    assert reply.calls[0]["arguments"]["address"] == "上海市浦东新区世纪大道 100 号"


@pytest.mark.parametrize(
    ("question", "title"),
    [
        (
            f"The title on invoice {INVOICE} should be Qinghe Co., Ltd., please reissue it",
            "Qinghe Co., Ltd",
        ),
        (f"Please reissue invoice {INVOICE}. The correct title is Qinghe Ltd", "Qinghe Ltd"),
    ],
)
def test_a_new_text_is_taken_without_the_request_behind_it(question: str, title: str) -> None:
    desk = desk_with("request_red_letter")
    desk["tools"][0]["parameters"]["required"] = ["invoice", "title"]
    reply = Thread(desk).ask(question)
    assert reply.calls[0]["arguments"]["title"] == title


def test_a_quoted_text_that_is_said_to_be_wrong_is_not_the_new_one() -> None:
    thread = _asked(f"发票 {INVOICE} 抬头“杭州青和”写错了，帮我重开", "request_red_letter")
    reply = thread.ask("杭州青禾科技有限公司")
    assert reply.calls[0]["arguments"]["title"] == "杭州青禾科技有限公司"
