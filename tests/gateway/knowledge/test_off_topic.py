"""Which off-topic questions are no topic of a shop."""

import numpy as np

from gateway.knowledge.vectors.off_topic import (
    foreign,
    is_chinese,
    is_daily,
    off_topic_questions,
)

HOTEL = ("可以带宠物住吗", "Can I check in early?")
BANK = ("信用卡还款日是哪天", "How do I block a stolen bank card?")


def made() -> "np.ndarray":
    """How well clauses fit: all off-topic questions about the same."""
    rng = np.random.default_rng(7)
    return rng.normal(0.3, 0.03, len(off_topic_questions())).astype(np.float32)


def places(texts: tuple[str, ...]) -> list[int]:
    return [off_topic_questions().index(text) for text in texts]


def test_a_business_whose_questions_are_answered_as_a_whole_is_the_shops_own() -> None:
    best = made()
    first, last = places(HOTEL)
    hotel = slice(first, last + 1)
    best[hotel] = 0.38
    kept = foreign(best)
    assert not kept[hotel].any()
    assert kept[places(BANK)].all()


def test_one_question_of_another_business_that_a_clause_is_near_to_stays_off_topic() -> None:
    best = made()
    best[places(BANK)[0]] = 0.37
    assert foreign(best)[places(BANK)].all()


def test_both_kinds_hold_questions_in_both_languages() -> None:
    for kind in (is_daily(), ~is_daily()):
        assert 0 < is_chinese()[kind].sum() < kind.sum()
