"""The sentences of a clause that answer a question."""

import pytest

from inference.lite.answering.clauses import for_parts
from inference.lite.answering.extracts import best_of, may_tell, sentences
from inference.lite.budget import Budget
from tests.inference.lite.answering.conversations import clause

RULES = (
    "会员分为银卡和金卡。银卡每月可领取一张优惠券。积分 24 个月内有效，到期清零。"
    "上门取件的费用为 12 元。热线在工作日 9:00 至 21:00 接听。图片不超过 20 MB。"
)
ENGLISH = (
    "Members are silver or gold. Silver members get one coupon a month. Points expire after 24 "
    "months. Collection costs 12 dollars. The hotline is open from 9:00 to 21:00."
)


@pytest.mark.parametrize(
    ("question", "text", "part"),
    [
        ("积分多久失效", RULES, "24 个月"),
        ("取件要多少钱", RULES, "12 元"),
        ("热线几点有人", RULES, "9:00"),
        ("图片最大多大", RULES, "20 MB"),
        ("How long are points valid?", ENGLISH, "24 months"),
        ("how much is collection", ENGLISH, "12 dollars"),
        ("what time does the hotline open", ENGLISH, "9:00"),
    ],
)
def test_the_sentence_with_the_unit_that_is_asked_for_answers(
    question: str, text: str, part: str
) -> None:
    found = best_of(question, text, Budget())
    assert len(found) == 1
    assert part in found[0]


def test_a_question_in_the_text_is_no_answer() -> None:
    found = best_of(
        "镜子保修多少天", "镜子保修多少天？\n镜子保修 159 天。\n床垫保修 100 天。", Budget()
    )
    assert found == ["镜子保修 159 天。"]


def test_nothing_is_found_without_a_word_in_common() -> None:
    assert best_of("melons", "会员分为银卡和金卡。", Budget()) == []


def test_a_point_inside_of_a_number_ends_no_sentence() -> None:
    assert sentences("The parcel may weigh 2.5 kg. Version 8.6.1 is needed.") == [
        "The parcel may weigh 2.5 kg.",
        "Version 8.6.1 is needed.",
    ]


def test_each_part_of_a_question_gets_the_clause_that_fits_it() -> None:
    given = [clause(name) for name in ("freight", "returning", "refund")]
    served = for_parts(["退款多久到账", "怎么退货", "运费谁出"], given)
    assert [one and one["id"] for one in served] == ["refund", "returning", "freight"]


def test_parts_in_another_language_take_the_clauses_in_order() -> None:
    given = [clause("returning"), clause("refund")]
    served = for_parts(["how do I return it", "when is the refund"], given)
    assert [one and one["id"] for one in served] == ["returning", "refund"]


@pytest.mark.parametrize(
    ("question", "text", "tells"),
    [
        ("卖家电话多少", "满 199 元包邮，不满收运费 18 元。", False),
        ("卖家电话多少", "拨打 400-800-1234。", True),
        ("订做要先付多少", "确认图纸付六成。", True),
        ("收件人是谁", "确认图纸付六成。", False),
        ("收件人是谁", "包裹交给收件人本人。", True),
        ("收件人是谁", "The parcel goes to its addressee.", True),  # it can share no word
    ],
)
def test_a_text_may_tell_what_it_has_a_word_or_a_number_for(
    question: str, text: str, tells: bool
) -> None:
    assert may_tell(question, text) is tells
