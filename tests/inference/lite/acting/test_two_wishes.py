"""Of two changes in one message the first is prepared, and the second is said to come after it."""

from typing import Any

import pytest

from tests.inference.lite.acting.conversations import Thread, desk_with

ORDER, OTHER, INVOICE = "QH202611180042317", "QH202611090078126", "26332000000187405931"
STATUS = {"name": "order_status", "arguments": {"order": ORDER}}


def prepared(question: str) -> Any:
    """The last reply to a message whose order may be cancelled."""
    thread = Thread(desk_with())
    assert thread.ask(question).calls == [STATUS]
    done = {"name": "order_status", "status": "done", "text": "待发货。"}
    assert thread.ask(results=[done]).calls == [
        {"name": "cancel_order", "arguments": {"order": ORDER}}
    ]
    proposed = {"name": "cancel_order", "status": "proposed", "arguments": {"order": ORDER}}
    return thread.ask(results=[done, proposed])


@pytest.mark.parametrize(
    ("question", "later"),
    [
        (f"取消订单 {ORDER}，再把发票 {INVOICE} 红冲", INVOICE),
        (f"帮我取消订单 {ORDER}，然后取消订单 {OTHER}", OTHER),
        (f"Cancel order {ORDER} and cancel order {OTHER} too", OTHER),
        (
            f"Cancel order {ORDER}, then change the address of order {OTHER} to "
            "88 Wenyi Road, Hangzhou",
            OTHER,
        ),
    ],
)
def test_the_second_one_is_named_for_later(question: str, later: str) -> None:
    reply = prepared(question)
    assert later in reply.text
    assert any(words in reply.text for words in ("我一次只准备一项", "one change at a time"))


@pytest.mark.parametrize(
    "question",
    [
        f"取消订单 {ORDER}，不想要了，帮我取消吧",
        f"取消订单 {ORDER}，谢谢",
        f"Please cancel order {ORDER}, and thanks",
    ],
)
def test_one_wish_in_several_words_is_one(question: str) -> None:
    reply = prepared(question)
    assert "一次只准备一项" not in reply.text
    assert "one change at a time" not in reply.text


@pytest.mark.parametrize(
    "question",
    [
        f"取消 {ORDER} 和 {OTHER}",
        f"把 {ORDER} 和 {OTHER} 都取消",
        f"{ORDER}、{OTHER} 都帮我取消",
        f"把订单 {ORDER} 以及订单 {OTHER} 全部取消",
        f"cancel orders {ORDER} and {OTHER}",
        f"Please cancel both {ORDER} and {OTHER}.",
        f"Cancel order {ORDER}. Also {OTHER}.",
    ],
)
def test_two_orders_under_one_verb_are_both_named_and_asked_about(question: str) -> None:
    reply = Thread(desk_with()).ask(question)
    assert reply.calls == []
    assert ORDER in reply.text
    assert OTHER in reply.text


@pytest.mark.parametrize(
    ("question", "answer"),
    [(f"取消 {ORDER} 和 {OTHER}", f"先取消 {OTHER}"), (f"cancel {ORDER} and {OTHER}", OTHER)],
)
def test_the_one_that_is_named_then_is_prepared(question: str, answer: str) -> None:
    thread = Thread(desk_with())
    thread.ask(question)
    assert thread.ask(answer).calls[0]["arguments"] == {"order": OTHER}
