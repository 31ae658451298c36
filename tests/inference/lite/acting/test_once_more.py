"""A message that only asks to look once more asks the system again, and never changes twice."""

import pytest

from tests.inference.lite.acting.conversations import Thread, desk_with

WAYBILL, ORDER = "SF1402857369214", "QH202611180042317"
TRACK = {"name": "track_parcel", "arguments": {"waybill": WAYBILL}}
STATUS = {"name": "order_status", "arguments": {"order": ORDER}}
TRACKED = {"name": "track_parcel", "status": "done", "text": "包裹运输中。"}


def tracked() -> Thread:
    """A conversation in which a parcel was looked up."""
    thread = Thread(desk_with())
    assert thread.ask(f"快递 {WAYBILL} 到哪了").calls == [TRACK]
    assert "包裹运输中" in thread.ask(results=[TRACKED]).text
    return thread


@pytest.mark.parametrize(
    "question",
    [
        *("再查一次", "再帮我查一下吧", "请重新查一下", "刷新一下", "现在呢？", "现在到哪了", "有新进展吗？"),
        *("查一下最新的", "Check again", "can you check it again please?", "Any update now?", "refresh"),
    ],
)  # fmt: skip
def test_a_look_once_more_asks_the_system_again(question: str) -> None:
    thread = tracked()
    assert thread.ask(question).calls == [TRACK]
    thread.ask(results=[TRACKED])
    assert thread.ask("再查一次").calls == [TRACK], "and once more"


@pytest.mark.parametrize(
    "question", ["谢谢", "我再想想", "再说吧", "好的，知道了", "again a pot, please"]
)
def test_other_short_messages_ask_nothing(question: str) -> None:
    assert tracked().ask(question).calls == []


def test_a_change_is_never_made_once_more() -> None:
    thread = Thread(desk_with())
    thread.ask(f"取消订单 {ORDER}")
    done = {"name": "order_status", "status": "done", "text": "待发货。"}
    assert thread.ask(results=[done]).calls[0]["name"] == "cancel_order"
    proposed = {"name": "cancel_order", "status": "proposed", "arguments": {"order": ORDER}}
    thread.ask(results=[done, proposed])
    assert thread.ask("再查一次").calls == [STATUS]
    assert thread.ask(results=[done]).calls == []


def test_without_an_earlier_look_nothing_is_asked_again() -> None:
    assert Thread(desk_with()).ask("再查一次").calls == []
