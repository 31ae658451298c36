"""Corrections made ready for matching by words. Building it takes long; asking it does not."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.knowledge.terms import normalise, query_terms
from gateway.knowledge.turn_query import cut
from gateway.knowledge.version import version_of

SAME_WORDS = 0.7  # share of the words of both questions together that they have in common


@dataclass(frozen=True, slots=True)
class Correction:
    """`questions`: those that it answers. `date`: ISO 8601."""

    id: str
    questions: list[str]
    text: str
    author: str
    date: str
    title: str

    @property
    def parts(self) -> tuple[str, ...]:
        """All that makes it another one."""
        told = (self.id, self.title, self.text, self.author, self.date)
        return (*told, str(len(self.questions)), *self.questions)


@dataclass(frozen=True, slots=True)
class Question:
    """`text`: normalised, and cut as a user's question is."""

    text: str
    terms: frozenset[str]

    @classmethod
    def of(cls, asked: str) -> "Question":
        asked = cut(asked)
        return cls(normalise(asked).strip(" ?？.。!！"), frozenset(query_terms(asked)))


class CorrectionTable:
    """The questions of all corrections, each with its place, and what finds them. Unchanging.
    `version`: a digest of the corrections in their order."""

    def __init__(
        self, corrections: Sequence[Correction] = (), previous: "CorrectionTable | None" = None
    ) -> None:
        """Takes 2 s for 15,000 new questions: call it in a thread. Those of `previous` are taken
        over."""
        self._made: dict[str, Question] = {}
        self.corrections = {one.id: one for one in corrections}
        self.version = version_of(part for one in corrections for part in one.parts)
        self.questions: list[Question] = []
        self.owners: list[Correction] = []  # of each question
        known = previous._made if previous else {}
        for correction in corrections:
            for asked in correction.questions:
                question = known.get(asked) or Question.of(asked)
                if question.text:
                    self._made[asked] = question
                    self.questions.append(question)
                    self.owners.append(correction)
        self._index()

    def by_words(self, asked: str) -> Correction | None:
        """The correction whose question has the same text, or nearly the same words; the first of
        several."""
        question = Question.of(asked)
        place = self._exact.get(question.text)
        if place is not None:
            return self.owners[place]
        # More words than this have no question with enough of them in common.
        if not question.terms or len(question.terms) * SAME_WORDS > self._longest:
            return None
        common = np.zeros(len(self.questions), np.int32)
        for term in question.terms:
            if (places := self._places.get(term)) is not None:
                common[places] += 1
        share = common / (self._sizes + len(question.terms) - common)
        best = int(share.argmax())
        return self.owners[best] if share[best] >= SAME_WORDS else None

    def _index(self) -> None:
        places: defaultdict[str, list[int]] = defaultdict(list)
        self._exact: dict[str, int] = {}
        for place, question in enumerate(self.questions):
            self._exact.setdefault(question.text, place)
            for term in question.terms:
                places[term].append(place)
        self._places: dict[str, NDArray[np.int32]] = {
            term: np.array(found, np.int32) for term, found in places.items()
        }
        self._sizes = np.array([len(one.terms) for one in self.questions], np.int32)
        self._longest = int(self._sizes.max(initial=0))
