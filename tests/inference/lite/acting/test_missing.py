"""What a call lacks is asked for, once; a doubtful value never reaches a write."""

import pytest

from tests.inference.lite.acting.conversations import Thread, desk_with
from tests.inference.lite.answering.conversations import clause

ORDER = "QH202611180042317"


def test_what_is_missing_is_asked_for_once_and_then_a_person_is_offered() -> None:
    thread = Thread(desk_with("track_parcel"))
    first = thread.ask("我的包裹到哪了")
    assert (first.outcome, first.calls) == ("clarify", [])
    assert "运单号" in first.text
    second = thread.ask("我的包裹到底到哪了")
    assert second.outcome == "handoff"


@pytest.mark.parametrize(
    "question", ["包裹到哪了？", "快递送到哪了", "快递到哪里？", "where is the parcel?"]
)
def test_a_clause_does_not_tell_where_a_thing_is_now(question: str) -> None:
    desk = desk_with("track_parcel", verdict="answer", clauses=[clause("delivery")])
    reply = Thread(desk).ask(question)
    assert (reply.outcome, reply.calls) == ("clarify", [])


@pytest.mark.parametrize("question", ["退货寄到哪里？", "快递能到哪里", "包裹一般多久能到"])
def test_a_clause_answers_a_question_for_a_rule(question: str) -> None:
    desk = desk_with("track_parcel", verdict="answer", clauses=[clause("delivery")])
    assert Thread(desk).ask(question).outcome == "answered"


def test_the_clause_that_says_what_to_do_comes_before_the_question_for_a_number() -> None:
    clauses = [clause("delivery")]
    thread = Thread(desk_with("track_parcel", verdict="answer", clauses=clauses))
    reply = thread.ask("我的快递几天没动了怎么办")
    assert (reply.outcome, reply.citations) == ("answered", [clauses[0]["id"]])
    assert reply.text.index(clauses[0]["text"][:8]) < reply.text.index("运单号发给我")
    number = "YT7736281940563"
    assert thread.ask(number, verdict="none", clauses=[]).calls == [
        {"name": "track_parcel", "arguments": {"waybill": number}}
    ]


def test_who_cannot_say_it_is_offered_a_person() -> None:
    thread = Thread(desk_with("change_address"))
    thread.ask(f"订单 {ORDER} 我要改地址")
    reply = thread.ask("我不知道")
    assert (reply.outcome, reply.calls) == ("handoff", [])


def test_who_changes_their_mind_is_not_asked_again() -> None:
    for question, answer in (("我要取消订单", "算了"), ("Cancel my order", "Never mind.")):
        thread = Thread(desk_with("cancel_order"))
        assert thread.ask(question).outcome == "clarify"
        reply = thread.ask(answer)
        assert (reply.outcome, reply.calls) == ("smalltalk", [])


def test_two_missing_values_are_asked_for_in_one_question() -> None:
    thread = Thread(desk_with("change_address"))
    first = thread.ask("我要修改收货地址")
    assert "订单号" in first.text
    assert "新的收货地址" in first.text
    second = thread.ask(f"{ORDER}，上海市浦东新区世纪大道 88 号")
    assert second.calls == [
        {
            "name": "change_address",
            "arguments": {"order": ORDER, "address": "上海市浦东新区世纪大道 88 号"},
        }
    ]


def test_values_that_come_one_by_one_are_put_together() -> None:
    thread = Thread(desk_with("change_address"))
    thread.ask("我要修改收货地址")
    second = thread.ask(ORDER)
    assert "新的收货地址" in second.text
    third = thread.ask("上海市浦东新区世纪大道 88 号")
    assert third.calls[0]["arguments"] == {
        "order": ORDER,
        "address": "上海市浦东新区世纪大道 88 号",
    }


def test_another_question_instead_of_the_value_is_answered_for_itself() -> None:
    thread = Thread(desk_with("change_address", "track_parcel"))
    thread.ask(f"订单 {ORDER} 我要改地址")
    reply = thread.ask("SF1402857369214 到哪了？")
    assert reply.calls == [{"name": "track_parcel", "arguments": {"waybill": "SF1402857369214"}}]


def _doubtful(**more: object) -> dict[str, object]:
    return {"name": "order_number", "value": ORDER, "confidence": 0.98, **more}


def test_a_doubtful_number_from_a_picture_is_asked_for_before_a_write() -> None:
    for fault in ({"confidence": 0.4}, {"valid": False}):
        thread = Thread(desk_with("cancel_order"))
        reply = thread.ask("帮我取消这个订单", {"kind": "order", "fields": [_doubtful(**fault)]})
        assert (reply.outcome, reply.calls) == ("clarify", [])
        assert ORDER in reply.text
        assert thread.ask(f"就是 {ORDER}").calls[0]["arguments"] == {"order": ORDER}


def test_a_doubtful_number_may_still_be_looked_up() -> None:
    thread = Thread(desk_with("order_status"))
    reply = thread.ask("这个订单什么状态", {"kind": "order", "fields": [_doubtful(confidence=0.4)]})
    assert reply.calls == [{"name": "order_status", "arguments": {"order": ORDER}}]


def test_of_two_orders_on_a_picture_the_person_says_which() -> None:
    thread = Thread(desk_with("cancel_order"))
    reply = thread.ask("取消订单", "two_orders")
    assert reply.outcome == "clarify"
    assert ORDER in reply.text
    assert "QH202611180042999" in reply.text
    assert thread.ask("QH202611180042999").calls[0]["arguments"] == {"order": "QH202611180042999"}


def test_a_wrong_old_title_on_the_picture_is_never_the_new_one() -> None:
    desk = desk_with("request_red_letter")
    desk["tools"][0]["parameters"]["required"] = ["invoice", "title"]
    thread = Thread(desk)
    first = thread.ask("这张发票抬头错了，帮我重开", "invoice")
    assert (first.calls, first.outcome) == ([], "clarify")
    assert "正确的抬头" in first.text
    second = thread.ask("杭州青禾科技有限公司")
    assert second.calls[0]["arguments"]["title"] == "杭州青禾科技有限公司"


def test_a_typed_yes_confirms_nothing_and_says_what_does() -> None:
    thread = Thread(desk_with("cancel_order"))
    thread.ask(f"取消订单 {ORDER}")
    proposed = {"name": "cancel_order", "title": {"zh": "取消订单"}, "status": "proposed"}
    thread.ask(results=[{**proposed, "arguments": {"order": ORDER}, "action": {"by": "customer"}}])
    reply = thread.ask("确认")
    assert reply.calls == []
    assert "卡片" in reply.text


def test_one_number_of_a_question_does_not_fill_two_properties() -> None:
    desk = desk_with("request_red_letter")
    properties = desk["tools"][0]["parameters"]["properties"]
    properties["tax_number"] = {"type": "string", "pattern": "^[0-9A-Z]{15,20}$"}
    reply = Thread(desk).ask("发票 26332000000187405931 抬头错了，帮我重开")
    assert reply.calls[0]["arguments"] == {
        "invoice": "26332000000187405931",
        "reason": "wrong_title",
    }


def test_a_number_that_the_picture_shows_is_told_where_no_system_takes_it() -> None:
    label = {
        "kind": "waybill",
        "lines": [{"text": "WAYBILL 52 9174 6386"}],
        "fields": [{"name": "waybill_number", "value": "5291746386", "valid": True}],
    }
    reply = Thread(desk_with("track_parcel")).ask(
        "which waybill number do I have to track?", label, locale="en"
    )
    assert reply.calls == []
    assert "5291746386" in reply.text
    assert reply.outcome == "answered"
