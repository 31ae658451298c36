"""How well clauses fit a question, on vectors made by hand."""

import numpy as np

from gateway.knowledge.clauses import CJK, Clause
from gateway.knowledge.index import Index
from gateway.knowledge.index_packing import pack
from gateway.knowledge.index_segment import Segment
from gateway.knowledge.vectors.off_topic import off_topic_questions
from gateway.knowledge.vectors.relevance import Relevance
from gateway.knowledge.vectors.topics import TopicVectors, policies, questions

# Directions of the vectors: what the question is about, what the second clause is about, and what
# any question has in common with a clause of general words.
OWN, OTHER, COMMON, FOREIGN = np.eye(4, dtype=np.float32)


def test_a_clause_near_to_any_question_comes_after_one_that_is_near_to_this_question() -> None:
    texts = ("九点到六点。", "周末也可以。")
    clauses = [Clause(f"a#{text}", text, "1", text, "zh", "a.md") for text in texts]
    rows = np.array([0.6 * OWN + 0.8 * OTHER, 0.62 * COMMON + 0.78 * OTHER])
    off_topic = np.tile(0.6 * COMMON + 0.8 * FOREIGN, (len(off_topic_questions()), 1))
    relevance = Relevance(
        Index([Segment.unpack(pack(clauses))]),
        np.round(rows * 127).astype(np.int8),
        np.full(2, 1 / 127, np.float32),
        off_topic.astype(np.float32),
    )
    question = (0.7 * OWN + 0.7 * COMMON).astype(np.float32)
    cosines = rows @ question
    assert cosines[1] > cosines[0]
    fit = relevance.fits(question, "").fit
    assert fit[0] > fit[1]


def test_a_score_is_measured_by_the_off_topic_questions_of_its_own_language() -> None:
    """English off-topic questions are nearer to the Chinese clause here than Chinese ones are."""
    clause = Clause("a#1", "运费", "1", "满 79 元包邮。", "zh", "a.md")
    axes = np.eye(len(off_topic_questions()) + 2, dtype=np.float32)
    nearness = [0.1 if CJK.search(question) else 0.15 for question in off_topic_questions()]
    off_topic = np.array(
        [near * axes[0] + (1 - near**2) ** 0.5 * axes[at] for at, near in enumerate(nearness, 2)],
        np.float32,
    )
    relevance = Relevance(
        Index([Segment.unpack(pack([clause]))]),
        np.round(axes[:1] * 127).astype(np.int8),
        np.full(1, 1 / 127, np.float32),
        off_topic,
    )
    question = (0.13 * axes[0] + 0.99 * axes[1]).astype(np.float32)
    assert relevance.fits(question, "邮费多少").score(0) > 0.5
    assert relevance.fits(question, "how much is it").score(0) < 0.5


def test_topics_move_what_is_compared_with_clauses_but_not_with_corrections() -> None:
    clause = Clause("a#1", "退款", "1", "原路退回。", "zh", "a.md")
    width = 8
    axes = np.eye(width, dtype=np.float32)
    asked, policy = np.tile(axes[0], (len(questions()), 1)), np.tile(axes[1], (len(policies()), 1))
    relevance = Relevance(
        Index([Segment.unpack(pack([clause]))]),
        np.round(axes[1:2] * 127).astype(np.int8),
        np.full(1, 1 / 127, np.float32),
        np.tile(axes[2], (len(off_topic_questions()), 1)),
        TopicVectors(policy, asked),
    )
    fits = relevance.fits(axes[0], "")
    assert fits.fit[0] > 0.6
    assert abs(fits.unmoved[0]) < 0.01
