""" "Is it done?" is answered by what the gateway says became of the proposals."""

from typing import Any

import pytest

from inference.lite.answering import answer
from inference.lite.conversation import Conversation, Turn
from inference.lite.desk import Desk

TITLE = {"zh": "取消订单", "en": "Cancel the order"}


def said(question: str, *actions: dict[str, Any]) -> tuple[str, str]:
    desk = Desk(intent="question", verdict="none", actions=list(actions))
    reply = answer(Conversation([Turn("user", question)], desk))
    return reply.text, reply.outcome


@pytest.mark.parametrize(
    ("status", "chinese", "english"),
    [
        ("proposed", "还没有执行，等您在卡片上确认", "is not done yet"),
        ("running", "正在办理", "is being done"),
        ("done", "已经办好", "is done."),
        ("failed", "没有办成", "was not done"),
        ("unknown", "还不确定", "It is not certain"),
        ("cancelled", "已取消", "was cancelled"),
        ("expired", "过期未确认", "was not confirmed in time"),
    ],
)
def test_each_state_is_said_in_the_language_of_the_question(
    status: str, chinese: str, english: str
) -> None:
    action = {"title": TITLE, "by": "customer", "status": status, "text": ""}
    told, outcome = said("办好了吗？", action)
    assert (chinese in told, "取消订单" in told, outcome) == (True, True, "answered")
    told, _ = said("is it done?", action)
    assert english in told
    assert "Cancel the order" in told


def test_a_result_is_said_where_it_is_in_that_language() -> None:
    action = {"title": TITLE, "by": "customer", "status": "done", "text": "退款 128.00 元。"}
    assert said("办好了吗？", action)[0].endswith("退款 128.00 元。")
    assert "元" not in said("is it done?", action)[0]


def test_what_staff_must_approve_waits_for_them() -> None:
    action = {"title": TITLE, "by": "staff", "status": "proposed", "text": None}
    assert "等客服同事批准" in said("办好了吗？", action)[0]


def test_who_waits_for_a_person_already_is_told_the_number() -> None:
    desk = Desk(intent="person", handoff="1234")
    reply = answer(Conversation([Turn("user", "转人工")], desk))
    assert ("1234" in reply.text, reply.outcome) == (True, "handoff")
