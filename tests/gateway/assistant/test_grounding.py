"""Numbers, amounts, dates, codes and clause numbers of an answer, looked for in its sources."""

import random
import re
import time
from decimal import Decimal
from typing import Any

import pytest

from gateway.assistant.claims import claims_of, normal
from gateway.assistant.grounding import Sources, check, sources_of
from gateway.assistant.numerals import value_of
from gateway.knowledge.clause_builder import clauses_of
from gateway.knowledge.clauses import Clause
from gateway.knowledge.sources.reading import read_file
from tests.support.paths import ROOT

CLAUSES = [
    clause
    for path in sorted((ROOT / "knowledge").rglob("*.md"))
    for clause in clauses_of(read_file(path.name, path.read_bytes(), 5.0), path.name)
]
RETURNS = {
    "title": "售后服务政策 · 退货流程",
    "clause": "3.2",
    "text": "签收后 7 天内可退货，运费 12.5 元由卖家承担，退款在 3 个工作日内到账。第十五条另有规定。",
}
READING = {
    "lines": [{"text": "运单 SF 1402 8573 69214"}, {"text": "2026-11-09 08:12 已签收"}],
    "fields": [{"name": "amount", "value": "1600.00"}],
    "codes": [{"text": "YT8836201457790"}],
}


def unsupported(answer: str, *others: str) -> list[str]:
    return check(answer, sources_of([RETURNS], [READING], others)).unsupported


@pytest.mark.parametrize(
    "answer",
    [
        "可以，签收后七天内申请，运费 ¥12.50。依据：《售后服务政策》3.2 [1]",
        "You can return it within 7 days (clause 3.2) [1]; the refund takes three working days.",
        "1. 打开订单\n2. 选择退货\n3) 等待 3 个工作日",
        "运单号 SF1402857369214，2026年11月9日 8:12 签收，金额 1,600 元。",
        "It was signed for on Nov 9, 2026 at 08:12.",
        "条码是 YT8836201457790；见第15条和第十五条。",
        "共 4 处不同，分两步处理，请看 2 张图片。",
        "168 小时内可退。",
        "请拍近一些、拍清楚再发一次，或重新登录一遍。",
        "详情见 https://shop.example/a/20881234567 。",
    ],
)
def test_what_a_source_says_in_any_form_is_supported(answer: str) -> None:
    assert unsupported(answer) == []


@pytest.mark.parametrize(
    ("answer", "invented"),
    [
        ("签收后 30 天内可退货。", ["30 天"]),
        ("签收后三十天内可退货。", ["三十天"]),
        ("运费 15 元。", ["15 元"]),
        ("再等十一次。", ["十一次"]),
        ("见《售后服务政策》3.4。", ["3.4"]),
        ("依据第十六条。", ["第十六条"]),
        ("as clause 9.9 says", ["clause 9.9"]),
        ("预计 2026-11-12 送达。", ["2026-11-12"]),
        ("今天 18:30 送到。", ["18:30"]),
        ("错误码 PAY-9999 表示余额不足。", ["PAY-9999"]),
        ("运单号 SF1402857369215", ["SF1402857369215"]),
        ("打八折。", ["八折"]),
        ("给您 5% 的补偿", ["5%"]),
        ("within thirty days", ["thirty days"]),
        ("拨打 4008201234", ["4008201234"]),
    ],
)
def test_what_is_nowhere_is_named(answer: str, invented: list[str]) -> None:
    assert unsupported(answer) == invented


def test_the_persons_own_words_are_a_source() -> None:
    assert unsupported("订单 88123456789 我已记下。", "我的订单是 88123456789") == []
    assert unsupported("PAY-403 的含义", "PAY-4031 是什么") == ["PAY-403"]


def quoting(clause: Clause) -> tuple[str, Sources]:
    others = random.Random(clause.id).sample(CLAUSES, 3)
    given: list[dict[str, Any]] = [
        {"title": one.title, "clause": one.clause, "text": one.text} for one in (clause, *others)
    ]
    answer = f"{clause.text}\n\n依据：《{clause.title}》{clause.clause}"
    return answer, sources_of(given, [], ["怎么办？"])


def test_answers_that_quote_the_sample_business_are_never_flagged() -> None:
    assert [clause.id for clause in CLAUSES if check(*quoting(clause)).unsupported] == []


def test_most_changed_amounts_of_the_sample_business_are_caught() -> None:
    caught = changed = 0
    for clause in CLAUSES:
        answer, sources = quoting(clause)
        for claim in claims_of(normal(clause.text)):
            digits = re.match(r"\d+", claim.text)
            if claim.kind != "number" or digits is None:
                continue
            wrong = claim.text.replace(digits[0], str(int(digits[0]) + 3), 1)
            changed += 1
            caught += not check(normal(answer).replace(claim.text, wrong, 1), sources).supported
    assert changed > 50
    assert caught / changed > 0.8


def test_every_invented_clause_number_is_caught() -> None:
    for clause in CLAUSES:
        _, sources = quoting(clause)
        assert not check(f"依据：《{clause.title}》99.9", sources).supported


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("十五", 15), ("三百二十", 320), ("两万五千", 25_000), ("二〇二六", 2026), ("半", "0.5"),
        ("一点五", "1.5"), ("1,600.00", 1600), ("1.5万", 15_000), ("十", 10), ("seven", 7),
    ],
)  # fmt: skip
def test_numerals_have_values(text: str, value: Any) -> None:
    assert value_of(text) == Decimal(value)


@pytest.mark.parametrize("text", ["第十2条", "第一1条", "第2十条"])
def test_a_numeral_of_two_scripts_is_checked_and_breaks_nothing(text: str) -> None:
    assert value_of(text[1:-1]) is None
    assert check(f"按{text}退款。", sources_of([RETURNS], [], [f"{text}怎么说"])).supported in (
        True,
        False,
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "\ufdfa",
        "1 ",
        "第",
        "一",
        "1-",
        "A1_",
        "9.9.",
        "《》",
        "百分之",
        "2026-11-09 ",
        "1,000,",
        "半",
    ],
)
def test_a_hostile_answer_is_checked_in_bounded_time(hostile: str) -> None:
    text = hostile * 50_000
    started = time.process_time()
    check(text, Sources((text,)))
    assert time.process_time() - started < 2
