"""Each turn is searched by itself; what points back takes the question before it along."""

import time
from typing import Any

import pytest

from gateway.knowledge.terms import normalise
from gateway.knowledge.turn_query import MAX_QUERY_CHARS, TurnQuery, parts_of, points_back

EIGHTEEN = "\ufdfa"  # NFKC makes 18 characters of it


def texts(*questions: str, readings: list[dict[str, Any]] | None = None) -> list[str]:
    return [part.text for part in parts_of(TurnQuery(list(questions), readings or []))]


def reading(kind: str, **fields: str) -> dict[str, Any]:
    made = [{"name": name, "value": value} for name, value in fields.items()]
    return {"kind": kind, "lines": [{"text": "云杉商城"}], "fields": made}


def test_a_question_is_searched_without_the_ones_before_it() -> None:
    assert texts("怎么开发票", "七天无理由退货有什么条件") == ["七天无理由退货有什么条件"]


@pytest.mark.parametrize(
    "second", ["那运费呢?", "它要多久", "还有保修期呢", "What about shipping?"]
)
def test_a_question_that_points_back_takes_the_one_before_along(second: str) -> None:
    assert texts("退货流程是什么", second) == [f"退货流程是什么\n{second}"]


def test_an_ellipsis_alone_takes_the_question_before_along() -> None:
    assert texts("退款到账时间", "为什么？") == ["退款到账时间\n为什么？"]


def test_a_greeting_takes_nothing_along() -> None:
    assert texts("退款到账时间", "你好") == []


@pytest.mark.parametrize("text", ["七天无理由退货有什么条件", "How do I return an item?"])
def test_a_question_that_names_its_subject_does_not_point_back(text: str) -> None:
    assert not points_back(text)


def test_both_parts_of_a_question_are_searched() -> None:
    found = texts("运费谁承担？退款几天到账？")
    assert found == ["运费谁承担？退款几天到账？", "运费谁承担", "退款几天到账"]
    assert texts("Who pays for shipping and when do I get my money?")[1:] == [
        "Who pays for shipping",
        "when do I get my money",
    ]


def test_a_comma_parts_two_questions_but_no_question_from_its_beginning() -> None:
    assert texts("毛巾多少钱一条，停车怎么收费")[1:] == ["毛巾多少钱一条", "停车怎么收费"]
    assert len(texts("你好，停车怎么收费")) == 1
    assert len(texts("我昨天办的卡，今天能退吗")) == 1


@pytest.mark.parametrize(
    "text", ["停车位怎么租，要多少钱？", "Where do I park and what does it cost?"]
)
def test_a_part_without_a_subject_is_not_searched_by_itself(text: str) -> None:
    assert texts(text) == [text]


def test_an_adjective_without_its_noun_points_back() -> None:
    assert texts("体测多久能做一次", "次卡的要多少钱") == ["体测多久能做一次\n次卡的要多少钱"]


def test_what_is_only_told_is_no_part() -> None:
    assert len(texts("我昨天收到货。箱子破了怎么赔？")) == 1


@pytest.mark.parametrize(
    ("said", "searched"),
    [
        ("垃圾平台，退款几天到账", "退款几天到账"),
        ("什么破公司，快递三天没动", "快递三天没动"),
        ("你们这帮骗子，怎么开发票", "你们这帮 ，怎么开发票"),
        ("This is ridiculous, where is my refund", "where is my refund"),
    ],
)
def test_an_insult_is_not_searched_for(said: str, searched: str) -> None:
    assert texts(said) == [searched]


def test_refuse_is_a_subject_and_no_insult() -> None:
    assert texts("垃圾几点可以扔") == ["垃圾几点可以扔"]


def test_what_is_asked_of_the_picture_is_not_searched_for() -> None:
    chat = [reading("chat", order_number="QH202611090078126")]
    assert texts("订单号多少，客服答应什么时候补货", readings=chat) == []
    assert texts("订单号多少，怎么申请换货", readings=chat) == ["怎么申请换货"]
    assert texts("怎么申请换货", readings=chat) == ["怎么申请换货"]
    assert texts("客服答应什么时候补货") == ["客服答应什么时候补货"]


def test_a_picture_is_searched_by_its_fields_and_not_by_its_words() -> None:
    parts = parts_of(TurnQuery(["这是什么"], [reading("error", error_code="PAY-4031")]))
    assert [(part.text, part.codes) for part in parts] == [("", ("pay-4031",))]
    assert texts("这是什么", readings=[reading("waybill", waybill_number="SF1402857369214")]) == []
    assert texts("怎么办", readings=[reading("error", error_text="数据加载失败")]) == [
        "数据加载失败"
    ]


def test_a_turn_that_wants_no_knowledge_searches_nothing() -> None:
    assert parts_of(TurnQuery(["退货流程是什么"], wants_knowledge=False)) == []


def test_long_earlier_messages_are_cut_before_they_are_looked_at() -> None:
    started = time.process_time()
    texts(*[EIGHTEEN * 87_000] * 3, "那呢")
    assert time.process_time() - started < 0.2


def test_what_is_searched_stays_short_after_normalising() -> None:
    long = "退货" + EIGHTEEN * 2_000
    for asked in ([long], [long, "那运费呢"]):
        part = parts_of(TurnQuery(asked))[0]
        assert part.text.startswith("退货")
        assert len(normalise(part.text)) <= MAX_QUERY_CHARS


def test_a_picture_stays_short_after_normalising() -> None:
    (found,) = texts(readings=[reading("error", error_text=EIGHTEEN * 9_000)])
    assert len(normalise(found)) <= 300
