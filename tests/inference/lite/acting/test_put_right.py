"""What follows a card that nobody wants so, and a message that only denies a change."""

import pytest

from inference.lite.answering import Reply
from tests.inference.lite.acting.conversations import Thread, desk_with, tools
from tests.inference.lite.answering.conversations import clause

OLD, NEW = "QH202611180042317", "QH202611180042318"
ADDRESS = "上海市浦东新区世纪大道 88 号"


def _proposed(question: str, *names: str) -> Thread:
    """A conversation in which the last answer proposes a write."""
    thread = Thread(desk_with(*names))
    _propose(thread, thread.ask(question))
    return thread


def _propose(thread: Thread, asked: Reply) -> Reply:
    (call,) = asked.calls
    title = next(one["title"] for one in tools() if one["name"] == call["name"])
    action = {"by": "customer", "arguments": call["arguments"]}
    proposed = {"name": call["name"], "title": title, "status": "proposed", "action": action}
    return thread.ask(results=[proposed])


@pytest.mark.parametrize(
    ("question", "correction", "said"),
    [
        (f"取消订单 {OLD}", f"不对，订单号是 {NEW}", "之前那张卡片"),
        (f"取消订单 {OLD}", f"写错了，应该是 {NEW}", "之前那张卡片"),
        (f"取消订单 {OLD}", f"不是 {OLD}，是 {NEW}", "之前那张卡片"),
        (f"取消订单 {OLD}", f"那个不对，应该取消 {NEW}", "之前那张卡片"),
        (f"Please cancel order {OLD}", f"Sorry, the order number is {NEW}", "earlier card"),
        (f"Please cancel order {OLD}", f"No, I meant {NEW}", "earlier card"),
        (f"Please cancel order {OLD}", f"That's wrong, it should be {NEW}", "earlier card"),
    ],
)
def test_a_number_corrected_behind_a_card_gets_a_card_of_its_own(
    question: str, correction: str, said: str
) -> None:
    thread = _proposed(question, "cancel_order")
    reply = thread.ask(correction)
    assert reply.calls == [{"name": "cancel_order", "arguments": {"order": NEW}}]
    assert said in _propose(thread, reply).text


def test_a_text_corrected_behind_a_card_keeps_the_number() -> None:
    thread = _proposed(f"订单 {OLD} 的地址改成杭州市西湖区文三路 1 号", "change_address")
    (call,) = thread.ask(f"不对，地址应该是{ADDRESS}").calls
    assert call["arguments"] == {"order": OLD, "address": ADDRESS}


@pytest.mark.parametrize("reply", ["谢谢", "不对", "好的", f"订单 {NEW} 应该什么时候发货？"])
def test_what_corrects_nothing_gets_no_other_card(reply: str) -> None:
    thread = _proposed(f"取消订单 {OLD}", "cancel_order")
    assert thread.ask(reply).calls == []


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (f"不要取消订单 {OLD}", f"好的，不会取消订单 {OLD}。"),
        (f"千万别取消订单 {OLD}！", f"好的，不会取消订单 {OLD}。"),
        (f"订单 {OLD} 先不要改地址", f"好的，不会修改收货地址 {OLD}。"),
        (f"Please don't cancel order {OLD}", f"All right, I will not cancel the order ({OLD})."),
    ],
)
def test_a_denial_alone_gets_a_short_word(question: str, said: str) -> None:
    desk = desk_with("cancel_order", "change_address", "order_status")
    for more in ({}, {"verdict": "answer", "clauses": [clause("reissue")]}):
        reply = Thread({**desk, **more}).ask(question)
        assert (reply.text, reply.calls, reply.outcome) == (said, [], "answered")


def test_a_denial_behind_a_card_says_where_to_cancel_it() -> None:
    thread = _proposed(f"取消订单 {OLD}", "cancel_order")
    text = thread.ask("不要取消了，别取消这个订单").text
    assert text.startswith("好的，不会取消订单。")
    assert "卡片" in text


@pytest.mark.parametrize(
    "question",
    [
        f"不要取消订单 {OLD} 的提醒",
        f"不要取消订单 {OLD}，现在到哪了？",
        f"谁让你们取消订单 {OLD} 的",
        "客服说不要取消订单",
    ],
)
def test_more_than_a_denial_is_not_brushed_off(question: str) -> None:
    reply = Thread(desk_with("cancel_order", "order_status")).ask(question)
    assert "不会取消" not in reply.text
