"""How customers ask and how policies say it: "where is my cash" is about refunds.

Small models put a colloquial question far from its clause. A question that is near to known ones of
topics.txt is moved towards what policies say of these topics (docs/decisions/017).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from gateway.knowledge.vectors.embedding_client import Floats

FILE = Path(__file__).with_name("topics.txt")
POLICY = ">"  # before what policies say
NEAREST = 3  # known questions that a question is compared with
FLOOR = 0.3  # cosine from which a known question counts
SHARPNESS = 0.06  # a known question nearer by so much weighs e times as much


@dataclass(frozen=True, slots=True)
class Topic:
    """Of one subject, in Chinese and in English."""

    policies: tuple[str, ...]
    questions: tuple[str, ...]


@cache
def topics() -> tuple[Topic, ...]:
    lines = [line for line in FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    return tuple(_topic(block.splitlines()) for block in "\n".join(lines).strip().split("\n\n"))


@cache
def policies() -> tuple[str, ...]:
    """Of all topics, one after the other."""
    return tuple(text for topic in topics() for text in topic.policies)


@cache
def questions() -> tuple[str, ...]:
    return tuple(text for topic in topics() for text in topic.questions)


class TopicVectors:
    """The vectors of one model."""

    def __init__(self, of_policies: Floats, of_questions: Floats) -> None:
        """Unit vectors of `policies()` and of `questions()`."""
        sums, at = [], 0
        for topic in topics():
            count = len(topic.policies)
            sums += [of_policies[at : at + count].sum(axis=0)] * len(topic.questions)
            at += count
        self._questions = of_questions
        self._policies = _unit(np.array(sums, np.float32))  # of each question's topic

    def moved(self, questions: Floats) -> Floats:
        """(questions, width) unit vectors, each moved the further the nearer a known one is."""
        cosines = questions @ self._questions.T
        nearest = np.argsort(-cosines, axis=1)[:, :NEAREST]
        near = np.take_along_axis(cosines, nearest, axis=1)
        weights = np.exp((near - near[:, :1]) / SHARPNESS) * (near > FLOOR)
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
        likeness = np.maximum(near[:, :1] - FLOOR, 0) / (1 - FLOOR)
        meant = np.einsum("qn,qnw->qw", weights, self._policies[nearest])
        return _unit(questions + likeness * meant)


def _topic(lines: list[str]) -> Topic:
    policies = tuple(line[1:].strip() for line in lines if line.startswith(POLICY))
    return Topic(policies, tuple(line for line in lines if not line.startswith(POLICY)))


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit
