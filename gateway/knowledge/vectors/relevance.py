"""How well clauses answer a question, 0 to 1, calibrated on the shop's own clauses.

A clause's fit is its cosine with the question plus a little for the question's words, and words of
the same meaning, that it holds. From that most of the question's likeness to a built-in list of off-topic questions is taken off, and
a part of the clause's: some clauses are near to every question. The same is done with each question
of the list itself: a score of 0.5 is where one in twenty of those in the question's language would
pass. So the scale carries from shop to shop, from language to language and from model to model
(docs/decisions/017).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.knowledge.clauses import CJK
from gateway.knowledge.concepts import Concepts
from gateway.knowledge.index import Index
from gateway.knowledge.vectors.embedding_client import Floats
from gateway.knowledge.vectors.off_topic import (
    foreign,
    is_chinese,
    is_daily,
    off_topic_questions,
)
from gateway.knowledge.vectors.topics import TopicVectors

BLOCK = 2_048  # rows that are unpacked at once
UNPACKED = 20_000  # clauses: 72 MB at 896 numbers
WORDS = 0.1  # weight of the words beside the cosine
CONCEPTS = 0.1  # weight of the words of the same meaning
HUB = 0.3  # weight of how much nearer a clause is to off-topic questions than other clauses are
MISSING = 0.3  # what a fit needs more where a question asks for a thing that no clause names
LIKENESS = 0.9  # weight of the question's likeness to off-topic ones
NEAREST = 3  # off-topic questions that a question is compared with
PASSING = 95  # percentile of the off-topic questions that scores 0.5
MIN_SPREAD = 0.02
FEW = 10  # off-topic questions of a language: with fewer, those of both languages count


@dataclass(frozen=True, slots=True)
class Fits:
    """Of one question: `fit` of each clause, and what turns it into a score. `unmoved`: the fit
    without topics, for comparing with texts that have none."""

    fit: Floats
    unmoved: Floats
    middle: float  # the fit that scores 0.5
    spread: float

    def score(self, place: int) -> float:
        return 1 / (1 + math.exp((self.middle - float(self.fit[place])) / self.spread))


class Relevance:
    """The vectors of one state of the clauses."""

    def __init__(
        self,
        index: Index,
        rows: NDArray[np.int8],
        scales: Floats,
        off_topic: Floats,
        topics: TopicVectors | None = None,
    ) -> None:
        """`rows`: 8-bit vectors of the clauses of `index`, times `scales`. `off_topic`: the
        vectors of `off_topic_questions()`. Takes a second for 10,000 clauses."""
        self.index = index
        self._topics = topics
        # Unpacking is most of a search; up to here it is done once, in 4 bytes a number.
        self._rows = rows.astype(np.float32) if len(rows) <= UNPACKED else rows
        self._scales = scales
        self._concepts = Concepts(index)
        fits = self._cosines(self._moved(off_topic))
        kept = foreign(fits.max(axis=1))
        near_all = fits[kept].mean(axis=0)
        self._hubs = HUB * (near_all - near_all.mean())
        fits -= self._hubs
        for number, question in enumerate(off_topic_questions()):
            fits[number] += self._by_words(question)
        self._off_topic = off_topic[kept]
        among = off_topic @ self._off_topic.T
        among[np.flatnonzero(kept), np.arange(len(self._off_topic))] = -1  # itself
        margins = fits.max(axis=1) - LIKENESS * _nearest(among)
        # Questions of other businesses are near to clauses: with them too few would pass.
        measured = kept & is_daily()
        self._scales_of = {
            chinese: _scale(margins[measured], is_chinese()[measured] == chinese)
            for chinese in (True, False)
        }

    def fits(self, question: Floats, words: str) -> Fits:
        """`question`: its vector. `words`: of which a clause should hold many."""
        own = question[None]
        both = self._cosines(np.concatenate([self._moved(own), own])) - self._hubs
        both += self._by_words(words)
        middle, spread = self._scales_of[bool(CJK.search(words))]
        middle += LIKENESS * self.likeness(question)
        if self._concepts.asks_for_missing(words):
            middle += MISSING
        return Fits(both[0], both[1], middle, spread)

    def cosines(self, question: Floats) -> Floats:
        """Of the question and each clause."""
        cosines: Floats = self._cosines(question[None])[0]
        return cosines

    def likeness(self, question: Floats) -> float:
        """How near the question is to off-topic ones: a cosine."""
        return float(_nearest((self._off_topic @ question)[None])[0])

    def _by_words(self, text: str) -> Floats:
        """What each clause's fit gains by the words of `text`."""
        gain = WORDS * self.index.coverage(text) + CONCEPTS * self._concepts.share(text)
        return gain.astype(np.float32)

    def _moved(self, questions: Floats) -> Floats:
        """The questions as policies would say them, where topics are known."""
        return self._topics.moved(questions) if self._topics is not None else questions

    def _cosines(self, questions: Floats) -> Floats:
        """(questions, clauses)"""
        made = np.empty((len(questions), len(self._rows)), np.float32)
        for start in range(0, len(self._rows), BLOCK):
            block = slice(start, start + BLOCK)
            made[:, block] = questions @ self._rows[block].astype(np.float32, copy=False).T
        made *= self._scales
        return made


def _scale(margins: Floats, own: NDArray[np.bool_]) -> tuple[float, float]:
    """(the margin that scores 0.5, the spread) for questions in one language. `own`: which of the
    off-topic questions are in it."""
    chosen = margins[own] if own.sum() >= FEW else margins
    return float(np.percentile(chosen, PASSING)), max(float(chosen.std()), MIN_SPREAD)


def _nearest(cosines: Floats) -> Floats:
    """The mean of the NEAREST largest of each row."""
    means: Floats = np.partition(cosines, -NEAREST, axis=1)[:, -NEAREST:].mean(axis=1)
    return means
