"""Words of the same meaning count for a clause, in either language."""

import pytest

from gateway.knowledge.clauses import CJK, Clause
from gateway.knowledge.concepts import Concepts, concepts
from gateway.knowledge.index import Index
from gateway.knowledge.index_packing import pack
from gateway.knowledge.index_segment import Segment

TEXTS = ("年卡可申请停卡两次。", "外箱破损请拍照。", "Towels are free.")


def made() -> Concepts:
    clauses = [
        Clause(f"a#{number}", "R", str(number), text, "zh" if CJK.search(text) else "en", "a.md")
        for number, text in enumerate(TEXTS)
    ]
    return Concepts(Index([Segment.unpack(pack(clauses))]))


def shares(question: str) -> list[float]:
    return [round(float(one), 2) for one in made().share(question)]


def test_a_clause_in_the_other_language_holds_what_a_question_asks() -> None:
    first, second, third = shares("How do I freeze it?")
    assert first > 0
    assert (second, third) == (0, 0)
    assert shares("毛巾要钱吗")[2] > 0


def test_a_question_without_such_words_gives_nothing() -> None:
    assert shares("Who painted the Mona Lisa?") == [0, 0, 0]


def test_one_word_in_common_is_no_whole_answer() -> None:
    assert 0 < max(shares("箱子碎了，外箱破损")) < 1


@pytest.mark.parametrize("text", ["能分期付款吗", "Can I pay in instalments?", "健身房在哪"])
def test_a_thing_that_no_clause_names_is_missing(text: str) -> None:
    assert made().asks_for_missing(text)


@pytest.mark.parametrize("text", ["毛巾要钱吗", "能付款吗", "How do I freeze it?", ""])
def test_a_thing_that_a_clause_names_in_any_language_is_not_missing(text: str) -> None:
    assert not made().asks_for_missing(text)


def test_each_meaning_has_words_in_both_languages() -> None:
    for words in concepts():
        has_chinese = {bool(CJK.search("".join(word))) for word in words}
        assert has_chinese == {True, False}, words
