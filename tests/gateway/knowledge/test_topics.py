"""Questions are moved towards what policies say of the topic of known questions near to them."""

import numpy as np

from gateway.knowledge.clauses import CJK
from gateway.knowledge.vectors.embedding_client import Floats
from gateway.knowledge.vectors.topics import TopicVectors, policies, questions, topics

WIDTH = 64


def one(place: int) -> Floats:
    made: Floats = np.eye(WIDTH, dtype=np.float32)[place]
    return made


def made() -> TopicVectors:
    """Known questions lie in a direction of their own; policies of the first topic in another."""
    first = len(topics()[0].questions)
    of_questions = np.tile(one(0), (len(questions()), 1))
    of_questions[first:] = one(1)
    of_policies = np.tile(one(2), (len(policies()), 1))
    of_policies[len(topics()[0].policies) :] = one(3)
    return TopicVectors(of_policies, of_questions)


def test_a_question_near_to_a_known_one_comes_nearer_to_what_policies_say_of_it() -> None:
    asked = (0.8 * one(0) + 0.6 * one(9)).astype(np.float32)
    moved = made().moved(asked[None])[0]
    assert moved @ one(2) > 0.4
    assert moved @ one(3) == 0
    assert np.isclose(np.linalg.norm(moved), 1)


def test_a_question_that_is_near_to_no_known_one_stays_where_it_is() -> None:
    asked = (0.2 * one(0) + 0.98 * one(9)).astype(np.float32)
    asked /= np.linalg.norm(asked)
    assert np.allclose(made().moved(asked[None])[0], asked, atol=1e-6)


def test_each_topic_says_it_in_both_languages() -> None:
    for topic in topics():
        assert {bool(CJK.search(text)) for text in topic.policies} == {True, False}, topic
        assert topic.questions, topic
