"""Which questions ask whether something is done."""

import pytest

from gateway.assistant.action_questions import asks_state

ASKS = (
    *("办好了吗？", "好了没", "我的订单取消了吗", "处理完了没有", "发票重开了吗", "进度怎么样"),
    *("is it done?", "Did it go through?", "Has it been cancelled?", "any update?", "done yet?"),
)
OTHERS = (
    *("快递到了吗", "怎么退货", "好了，谢谢", "可以退款吗", "你好", "is it free to return?"),
    *("where is my parcel", "how long does it take", "is this the right form"),
)


@pytest.mark.parametrize("text", ASKS)
def test_a_question_about_the_state_of_a_request_is_known(text: str) -> None:
    assert asks_state(text)


@pytest.mark.parametrize("text", OTHERS)
def test_other_questions_are_not(text: str) -> None:
    assert not asks_state(text)
