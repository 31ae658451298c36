"""No write is called for an act that nobody wishes now, whatever words stand around it."""

import pytest

from tests.inference.lite.acting.conversations import Thread, desk_with

ORDER = "QH202611180042317"
ADDRESS = "上海市浦东新区世纪大道 88 号"


def _writes(question: str) -> list[str]:
    """The writes that a question comes to, its reads done."""
    thread = Thread(desk_with("order_status", "cancel_order", "change_address"))
    reply = thread.ask(question)
    if [one["name"] for one in reply.calls] == ["order_status"]:
        done = {"name": "order_status", "status": "done", "text": "待发货", "values": {}}
        reply = thread.ask(results=[done])
    return [one["name"] for one in reply.calls if one["name"] != "order_status"]


@pytest.mark.parametrize(
    "question",
    [
        f"不要把订单 {ORDER} 的地址改成{ADDRESS}",
        f"千万别在我回来之前把订单 {ORDER} 取消",
        f"拒绝取消订单 {ORDER}",
        f"谁让你取消订单 {ORDER} 的",
        f"你敢取消我的订单 {ORDER} 试试",
        f"撤销取消订单 {ORDER}",
        f"请勿取消订单 {ORDER}",
        f"切勿把订单 {ORDER} 取消",
        f"无需取消订单 {ORDER}",
        f"订单 {ORDER} 禁止取消",
        f"怕你们取消订单 {ORDER}",
        f"又给我取消订单 {ORDER}",
        f"I won't cancel order {ORDER}",
        f"I hope you won't cancel order {ORDER}",
        f"I haven't asked to cancel order {ORDER}",
        f"no one asked you to cancel order {ORDER}",
        f"why would you cancel order {ORDER}",
        f"I refuse to cancel order {ORDER}",
        f"Stop! Do not under any circumstances cancel my order {ORDER}",
    ],
)
def test_a_denial_reaches_to_its_act_over_a_whole_clause(question: str) -> None:
    assert _writes(question) == []


@pytest.mark.parametrize(
    "question",
    [
        f"我老婆说要取消订单 {ORDER}",
        f"客服让我取消订单 {ORDER}，可是我不想取消",
        f"卖家要求我取消订单 {ORDER}，我不同意",
        f"卖家写“取消订单 {ORDER} 吧”，这合理吗",
        f'He wrote "cancel order {ORDER}", what does he mean?',
        f"They wanted me to cancel order {ORDER}",
        f"> 请取消订单 {ORDER}\n这封邮件是你们发的？",
    ],
)
def test_what_somebody_else_says_is_no_wish(question: str) -> None:
    assert _writes(question) == []


@pytest.mark.parametrize(
    "question",
    [
        f"Suppose I cancel {ORDER}, do I get a refund?",
        f"今天不发货就取消订单 {ORDER}",
        f"明天再取消订单 {ORDER}",
        f"我在考虑取消订单 {ORDER}",
    ],
)
def test_what_is_supposed_or_put_off_is_no_wish(question: str) -> None:
    assert _writes(question) == []


@pytest.mark.parametrize(
    "question",
    [
        f"取消订单 {ORDER} 的时候提示失败",
        f"点了取消订单 {ORDER} 没反应",
        f"我点错了，把订单 {ORDER} 取消了，怎么恢复",
        f"我昨天取消订单 {ORDER} 了，钱还没退",
        f"已经申请取消订单 {ORDER}，什么时候退款",
        f"I tried to cancel order {ORDER} but got an error",
    ],
)
def test_what_was_done_or_tried_is_no_wish(question: str) -> None:
    assert _writes(question) == []


@pytest.mark.parametrize(
    "question",
    [
        f"帮我看看订单 {ORDER} 能不能取消",
        f"能帮我查下订单 {ORDER} 还可以取消吗",
        f"帮我确认一下订单 {ORDER} 取消了没有",
        f"Can you check whether order {ORDER} can be cancelled?",
        f"Could you tell me if order {ORDER} can be cancelled?",
    ],
)
def test_a_wish_to_look_whether_it_can_be_done_only_reads(question: str) -> None:
    reply = Thread(desk_with("order_status", "cancel_order")).ask(question)
    assert [one["name"] for one in reply.calls] == ["order_status"]
    assert _writes(question) == []


@pytest.mark.parametrize(
    "question",
    [
        f"订单 {ORDER} 别的不动，帮我取消",
        f"Go ahead and cancel {ORDER}",
        f"It hasn't shipped yet so please cancel order {ORDER}",
        f"I don't want order {ORDER} anymore, cancel it",
        f"我不想等了，取消订单 {ORDER}",
        f"不好意思取消一下订单 {ORDER}",
        f"不想要了帮我取消订单 {ORDER}",
        f"帮我查一下订单 {ORDER} 然后取消",
        f"I don't need it any more, please cancel order {ORDER}",
        f"I don't need it so please cancel order {ORDER}",
    ],
)
def test_a_wish_beside_such_words_is_still_one(question: str) -> None:
    assert _writes(question) == ["cancel_order"]
