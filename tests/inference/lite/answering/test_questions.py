"""What a question asks for, part by part."""

import pytest

from inference.lite.answering.questions import Want, is_generic, parts_of


@pytest.mark.parametrize(
    ("question", "wants"),
    [
        ("请看这张图，告诉我是什么问题、该怎么办。", [Want.SUMMARY]),
        ("Please look at this picture: what is wrong, and what should I do?", [Want.SUMMARY]),
        ("", [Want.SUMMARY]),
        ("运单号", [Want.VALUES]),
        ("付了多少，订单号是多少", [Want.VALUES]),
        ("到哪了", [Want.STATE]),
        ("线下门店在哪", [Want.HELP]),
        ("快递公司在哪里了", [Want.STATE]),
        ("什么时候能到", [Want.ARRIVAL]),
        ("退款什么时候到", [Want.HELP]),
        ("图里写了什么？", [Want.WORDS]),
        ("what does it say", [Want.WORDS]),
        ("退货流程是什么？退款多久到账？", [Want.HELP, Want.HELP]),
        ("订单号是多少？怎么退货？", [Want.VALUES, Want.HELP]),
        ("我上周买的椅子坏了，能换吗", [Want.HELP]),
        ("我的订单是 QH202611180042317。怎么退？", [Want.HELP]),
        ("How do I return an item and when do I get my refund?", [Want.HELP, Want.HELP]),
        ("周末发货吗", [Want.HELP]),
        ("发货了吗", [Want.STATE]),
        ("运费多少钱", [Want.HELP]),
        ("售后服务政策 3.2 是什么", [Want.HELP]),
        ("ERR_CONNECTION_TIMED_OUT", [Want.HELP]),
        ("怎么申请发票", [Want.HELP]),
        ("付款成功后多久发货", [Want.HELP]),
        ("显示已签收但我没收到", [Want.HELP]),
        ("It says delivered but I have no parcel", [Want.HELP]),
    ],
)
def test_each_part_has_its_want(question: str, wants: list[Want]) -> None:
    assert [part.want for part in parts_of(question)] == wants


def test_the_longer_name_of_a_field_wins_over_the_shorter_one() -> None:
    assert parts_of("购买方税号是多少")[0].fields == ("buyer_tax_number",)
    for question in ("不含税金额多少", "不算税是多少钱", "去掉税多少钱"):
        assert parts_of(question)[0].fields == ("amount_without_tax",)
    assert parts_of("快递单号多少")[0].fields == ("waybill_number",)


def test_fields_stand_in_the_order_of_the_question() -> None:
    assert parts_of("订单号和付了多少")[0].fields == ("order_number", "amount")


def test_traditional_characters_ask_the_same() -> None:
    assert parts_of("運單號是多少")[0].fields == ("waybill_number",)


def test_a_long_question_has_three_parts_at_most() -> None:
    assert len(parts_of("退货怎么办？" * 50)) == 3


@pytest.mark.parametrize("text", ["怎么办", "帮我看看这是什么", "what is wrong here?", "看一下"])
def test_a_question_of_filler_alone_is_generic(text: str) -> None:
    assert is_generic(text)


@pytest.mark.parametrize("text", ["退款", "登录不了", "PAY-4031", "refund"])
def test_a_question_with_a_subject_is_not_generic(text: str) -> None:
    assert not is_generic(text)
