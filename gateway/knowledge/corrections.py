"""Answers that staff wrote as better ones: clauses that win for their question and its paraphrases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from gateway.knowledge.terms import normalise, query_terms
from gateway.knowledge.vectors.embedding_client import PASSAGE, QUERY, EmbeddingClient, Floats

KIND = "correction"
SAME_WORDS = 0.7  # share of the words of both questions together that they have in common
# Cosines of two questions. Of pairs that one clause answers, half have 0.37 or more; of pairs that
# different clauses answer, one in 200 has 0.45.
SAME_QUESTION = 0.45
LIKE_QUESTION = 0.3  # enough where the correction's text also fits better than any clause
BATCH, BATCH_SECONDS = 32, 30.0


@dataclass(frozen=True, slots=True)
class Correction:
    """`questions`: those that it answers. `date`: ISO 8601."""

    id: str
    questions: list[str]
    text: str
    author: str
    date: str
    title: str


class CorrectionSource(Protocol):
    """Where corrections are kept. `version` changes with each change of `all()`."""

    version: int

    def all(self) -> Sequence[Correction]: ...


@dataclass(frozen=True, slots=True)
class Vectors:
    """By question: its vector, and that of the correction's text."""

    questions: Floats
    texts: Floats
    model: str
    version: int


class CorrectionMatcher:
    def __init__(self, source: CorrectionSource) -> None:
        self._source = source
        self._version: int | None = None
        self._asked: list[tuple[Correction, frozenset[str], str]] = []  # one for each question
        self._vectors: Vectors | None = None

    def match(self, asked: str, question: Floats | None, best_fit: float) -> Correction | None:
        """The correction that answers `asked`. `question`: its vector, of the model that
        `refresh` was last called with; `best_fit`: of the clauses to it."""
        self._read()
        normal, words = normalise(asked).strip(" ?？.。!！"), frozenset(query_terms(asked))
        for correction, terms, text in self._asked:
            common = len(words & terms) / max(len(words | terms), 1)
            if normal == text or common >= SAME_WORDS:
                return correction
        vectors = self._vectors
        if question is None or vectors is None or vectors.version != self._version:
            return None
        likeness = vectors.questions @ question
        place = int(likeness.argmax())
        fits_better = float(vectors.texts[place] @ question) >= best_fit
        if likeness[place] < (LIKE_QUESTION if fits_better else SAME_QUESTION):
            return None
        return self._asked[place][0]

    async def refresh(self, client: EmbeddingClient) -> None:
        """Computes the vectors after a change. Raises NoVectors."""
        self._read()
        done = self._vectors
        if done and done.version == self._version and done.model == client.model:
            return
        asked, version = list(self._asked), self._source.version
        if not asked or self._version is None:
            self._vectors = None
            return
        questions = await _all(client, [text for _, _, text in asked], QUERY)
        texts = await _all(client, [correction.text for correction, _, _ in asked], PASSAGE)
        self._vectors = Vectors(questions, texts, client.model, version)

    def _read(self) -> None:
        if self._version == self._source.version:
            return
        self._version = self._source.version
        self._asked = [
            (correction, frozenset(query_terms(text)), normalise(text).strip(" ?？.。!！"))
            for correction in self._source.all()
            for text in correction.questions
            if text.strip()
        ]


def as_clause(correction: Correction, score: float) -> dict[str, Any]:
    return {
        "id": correction.id,
        "title": correction.title,
        "clause": "",
        "text": correction.text,
        "score": score,
        "kind": KIND,
        "author": correction.author,
        "date": correction.date,
    }


async def _all(client: EmbeddingClient, texts: Sequence[str], kind: str) -> Floats:
    made = [
        await client.embed(texts[start : start + BATCH], kind, BATCH_SECONDS)
        for start in range(0, len(texts), BATCH)
    ]
    return np.concatenate(made)
