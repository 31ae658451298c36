"""Answers that staff wrote as better ones: clauses that win for their question and its paraphrases."""

import asyncio
from contextlib import suppress
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.knowledge.correction_table import Correction, CorrectionTable
from gateway.knowledge.vectors.correction_vectors import CorrectionVectors, VectorStore
from gateway.knowledge.vectors.embedding_client import EmbeddingClient, Floats, NoVectors

KIND = "correction"
# Cosines of two questions. Of pairs that one clause answers, half have 0.37 or more; of pairs that
# different clauses answer, one in 200 has 0.45.
SAME_QUESTION = 0.45
LIKE_QUESTION = 0.3  # enough where the correction's text also fits better than any clause


class CorrectionSource(Protocol):
    """Where corrections are kept. `table` is another object after each change."""

    table: CorrectionTable


class _Fixed:
    def __init__(self, table: CorrectionTable) -> None:
        self.table = table


class CorrectionMatcher:
    def __init__(self, source: CorrectionSource) -> None:
        self._source = source
        self._store = VectorStore("")
        self._vectors: CorrectionVectors | None = None
        self._built: CorrectionTable | None = None  # which `_vectors` are of
        self._left: tuple[CorrectionVectors, CorrectionTable, NDArray[np.bool_]] | None = None

    @property
    def table(self) -> CorrectionTable:
        """The corrections as they are now."""
        return self._source.table

    def match(
        self,
        asked: str,
        question: Floats | None,
        best_fit: float,
        model: str = "",
        table: CorrectionTable | None = None,
    ) -> Correction | None:
        """The correction of `table` (as it is now, where none is given) that answers `asked`.
        `question`: its vector, of `model`; `best_fit`: of the clauses to it. Takes 4 ms for 15,000
        questions; any thread may call it."""
        table = table or self._source.table
        found = table.by_words(asked)
        if found or question is None:
            return found
        vectors = self._vectors
        if vectors is None or vectors.model != model:
            return None
        likeness = np.where(self._in_use(vectors, table), vectors.questions @ question, -np.inf)
        place = int(likeness.argmax())
        row = vectors.text_rows[place]
        fits_better = row >= 0 and float(vectors.texts[row] @ question) >= best_fit
        if likeness[place] < (LIKE_QUESTION if fits_better else SAME_QUESTION):
            return None
        return table.corrections[vectors.table.owners[vectors.places[place]].id]

    async def trying(
        self, correction: Correction, client: EmbeddingClient | None
    ) -> "CorrectionMatcher":
        """A matcher that knows one correction more, as the newest. Where its vectors cannot be
        had, it is matched by words alone."""
        table = self._source.table
        known = list(table.corrections.values())
        trial = CorrectionMatcher(
            _Fixed(await asyncio.to_thread(CorrectionTable, [correction, *known], table))
        )
        if client is not None:
            trial._store = self._store.copy()
            with suppress(NoVectors):
                await trial.refresh(client)
        return trial

    async def refresh(self, client: EmbeddingClient) -> None:
        """Computes the vectors that are missing after a change. Until then those of corrections
        that are left are used. Raises NoVectors."""
        table = self._source.table
        if self._built is table and self._store.model == client.model:
            return
        if self._store.model != client.model:
            self._store = VectorStore(client.model)
        store = self._store
        await store.fetch(client, await asyncio.to_thread(store.wanted, table))
        self._vectors = await asyncio.to_thread(CorrectionVectors.of, table, store)
        self._built = table

    def _in_use(self, vectors: CorrectionVectors, table: CorrectionTable) -> NDArray[np.bool_]:
        left = self._left
        if left is None or left[0] is not vectors or left[1] is not table:
            self._left = left = vectors, table, vectors.left_in(table)
        return left[2]


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
