"""What is said to be wrong of a known thing is checked, then put right as far as wished."""

from typing import Any

import pytest

from tests.inference.lite.acting.conversations import Thread, desk_with
from tests.inference.lite.answering.conversations import clause

INVOICE = "26332000000187405931"
ORDER = "QH202611180042317"
NAME = "云杉设计有限公司"
CHECK = {"name": "check_invoice", "arguments": {"invoice": INVOICE}}


def _desk(*names: str) -> dict[str, Any]:
    """With a red-letter request that needs a title."""
    desk = desk_with(*names)
    for tool in desk["tools"]:
        if tool["name"] == "request_red_letter":
            tool["parameters"]["required"] = ["invoice", "title"]
            del tool["parameters"]["properties"]["reason"]
    return desk


def _checked(**values: Any) -> dict[str, Any]:
    done = {"name": "check_invoice", "status": "done", "text": "可以重开。"}
    return {**done, "values": values or {"reissuable": True}}


@pytest.mark.parametrize(
    ("question", "title"),
    [
        (f"The title is wrong, the correct title is {NAME}, please reissue it", NAME),
        (f"My invoice has the wrong title, it should be {NAME}. Please correct it.", NAME),
        (f"My invoice has the wrong title, please reissue it with {NAME}", NAME),
        ("The title is wrong, please reissue it for Spruce Design Ltd", "Spruce Design Ltd"),
        (f"抬头开错了，请开给{NAME}", NAME),
        (f"发票抬头错了，应该是{NAME}", NAME),
        (f"发票抬头错了，正确的是{NAME}，请帮我重开", NAME),
        (f"发票抬头错了，请重开，正确的抬头：{NAME}", NAME),
        (f"The title is wrong. The right title is {NAME}.", NAME),
    ],
)
def test_a_title_that_is_given_is_proposed_behind_the_check(question: str, title: str) -> None:
    thread = Thread(_desk())
    assert thread.ask(question, "invoice").calls == [CHECK]
    expected = {"name": "request_red_letter", "arguments": {"invoice": INVOICE, "title": title}}
    assert thread.ask(results=[_checked()]).calls == [expected]


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("发票抬头错了", "请告诉我正确的抬头"),
        ("这张发票的抬头写得不对", "请告诉我正确的抬头"),
        ("抬头是错的", "请告诉我正确的抬头"),
        ("发票抬头错了怎么办", "请告诉我正确的抬头"),
        ("抬头写错了，我该怎么办呢？", "请告诉我正确的抬头"),
        ("The title on this invoice is wrong, what should I do?", "Please tell me the correct"),
        ("The title is wrong", "Please tell me the correct title"),
        ("The title on this invoice is not right.", "Please tell me the correct title"),
        ("The title is wrong, please reissue it", "Please tell me the correct title"),
    ],
)
def test_a_title_that_is_not_given_is_asked_for_behind_the_check(question: str, asks: str) -> None:
    thread = Thread(_desk())
    assert thread.ask(question, "invoice").calls == [CHECK]
    reply = thread.ask(results=[_checked()])
    assert asks in reply.text
    assert (reply.outcome, reply.citations) == ("clarify", [])
    assert thread.ask(NAME).calls == [CHECK]
    (call,) = thread.ask(results=[_checked()]).calls
    assert call["arguments"] == {"invoice": INVOICE, "title": NAME}


def test_who_asks_what_to_do_about_a_fault_gets_the_clause_too() -> None:
    thread = Thread(_desk() | {"verdict": "answer", "clauses": [clause("reissue")]})
    thread.ask("发票抬头错了怎么办", "invoice")
    reply = thread.ask(results=[_checked()])
    assert reply.text.startswith("可以重开。（发票系统，刚刚）")
    assert reply.citations == ["reissue"]
    assert "请告诉我正确的抬头" in reply.text


def test_a_fault_alone_is_only_checked_where_a_write_would_miss_nothing() -> None:
    thread = Thread(desk_with("check_invoice", "request_red_letter"))
    assert thread.ask("发票抬头错了", "invoice").calls == [CHECK]
    reply = thread.ask(results=[_checked()])
    assert (reply.calls, reply.text) == ([], "可以重开。（发票系统，刚刚）")


def test_a_check_that_says_no_asks_for_no_title() -> None:
    thread = Thread(_desk())
    thread.ask("发票抬头错了", "invoice")
    reply = thread.ask(results=[_checked(reissuable=False)])
    assert reply.calls == []
    assert "请告诉我" not in reply.text


def test_a_wrong_address_is_put_right_in_the_same_way() -> None:
    thread = Thread(desk_with("order_status", "change_address"))
    thread.ask(f"订单 {ORDER} 的地址写错了")
    done = {"name": "order_status", "status": "done", "text": "待发货。", "values": {}}
    assert "请告诉我新的收货地址" in thread.ask(results=[done]).text


@pytest.mark.parametrize(
    "question",
    ["抬头没错吧", "发票抬头错了还能重开吗", "发票抬头开错了怎么申请重开", "同事说抬头错了"],
)
def test_a_question_about_a_fault_prepares_nothing(question: str) -> None:
    thread = Thread(_desk())
    reply = thread.ask(question, "invoice")
    if reply.calls == [CHECK]:
        reply = thread.ask(results=[_checked()])
    assert reply.calls == []
    assert "请告诉我正确的抬头" not in reply.text


@pytest.mark.parametrize("question", ["please correct it", "帮我改一下"])
def test_a_change_that_names_nothing_is_of_what_the_picture_shows(question: str) -> None:
    assert Thread(_desk()).ask(question, "invoice").calls == [CHECK]
