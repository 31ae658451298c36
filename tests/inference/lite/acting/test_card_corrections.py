"""A value that is corrected on a picture's card: the question before is answered with it alone."""

from typing import Any

import pytest

from tests.inference.lite.acting.conversations import Thread, desk_with

OLD, NEW = "QH202611180042317", "QH202611180042127"
OLD_WAYBILL, NEW_WAYBILL = "SF1402857369214", "SF1402857369999"


def _card(name: str, old: str, new: str, *, chinese: bool = True) -> str:
    if chinese:
        return f"更正：{name}应为 {new}（图中读作 {old}）。请按更正后的内容重新回答。"
    change = f"{name} is {new} (read as {old})"
    return f"Correction: {change}. Please answer again with the corrected values."


def _picture(kind: str, name: str, value: str, *, corrected: bool) -> dict[str, Any]:
    given = {"name": name, "value": value, "corrected": corrected}
    return {"kind": kind, "lines": [{"text": f"单号 {value}"}], "fields": [given]}


def _corrected(thread: Thread, kind: str, name: str, value: str) -> None:
    """What the gateway does: the picture's reading has the new value from then on."""
    other = Thread({})
    other.desk = desk_with()
    other.ask("x", _picture(kind, name, value, corrected=True))
    thread.turns[0].readings = other.turns[0].readings


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    ("question", "card"),
    [
        ("这个订单现在什么情况", _card("订单号", OLD, NEW)),
        ("Where is my order?", _card("Order number", OLD, NEW, chinese=False)),
        (f"查一下订单 {OLD}", _card("订单号", OLD, NEW)),
    ],
)
def test_an_order_is_looked_up_again_by_its_right_number(
    question: str, card: str, told: bool
) -> None:
    thread = Thread(desk_with())
    assert thread.ask(question, _picture("order", "order_number", OLD, corrected=False)).calls
    if told:
        _corrected(thread, "order", "order_number", NEW)
    assert thread.ask(card).calls == [{"name": "order_status", "arguments": {"order": NEW}}]


@pytest.mark.parametrize(
    ("question", "card"),
    [
        ("我的包裹到哪了", _card("运单号", OLD_WAYBILL, NEW_WAYBILL)),
        ("Where's my parcel?", _card("Waybill number", OLD_WAYBILL, NEW_WAYBILL, chinese=False)),
    ],
)
def test_a_parcel_is_tracked_by_its_right_number_alone(question: str, card: str) -> None:
    thread = Thread(desk_with())
    picture = _picture("waybill", "waybill_number", OLD_WAYBILL, corrected=False)
    assert thread.ask(question, picture).calls
    _corrected(thread, "waybill", "waybill_number", NEW_WAYBILL)
    thread.ask("谢谢")
    expected = {"name": "track_parcel", "arguments": {"waybill": NEW_WAYBILL}}
    assert thread.ask(card).calls == [expected]
    last = _card("运单号", NEW_WAYBILL, "SF1402857361111")
    expected = {"name": "track_parcel", "arguments": {"waybill": "SF1402857361111"}}
    assert thread.ask(last).calls == [expected]


def test_a_wished_change_is_prepared_for_the_right_number() -> None:
    thread = Thread(desk_with("cancel_order"))
    picture = _picture("order", "order_number", OLD, corrected=False)
    assert thread.ask("取消这个订单", picture).calls[0]["arguments"] == {"order": OLD}
    thread.ask(results=[{"name": "cancel_order", "status": "proposed", "action": {"by": "staff"}}])
    reply = thread.ask(_card("订单号", OLD, NEW))
    assert reply.calls == [{"name": "cancel_order", "arguments": {"order": NEW}}]


def test_a_question_that_the_picture_answers_is_answered_with_the_right_value() -> None:
    thread = Thread(desk_with())
    picture = _picture("order", "order_number", OLD, corrected=False)
    thread.ask("订单号是多少", picture)
    text = thread.ask(_card("订单号", OLD, NEW)).text
    assert NEW in text
    assert OLD not in text
