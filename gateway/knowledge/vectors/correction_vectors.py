"""The vectors of corrections: of their questions and of their texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray

from gateway.knowledge.correction_table import CorrectionTable
from gateway.knowledge.vectors.builder import MAX_TEXT
from gateway.knowledge.vectors.embedding_client import (
    PASSAGE,
    QUERY,
    EmbeddingClient,
    Floats,
    NoVectors,
)
from gateway.knowledge.vectors.vector_file import digest_of

log = structlog.get_logger()
BATCH, BATCH_SECONDS = 32, 30.0
PROBE = "?"  # a text that every model has a vector for

Wanted = dict[bytes, tuple[str, str]]  # (kind, text) by digest


class VectorStore:
    """Vectors of one model by the digest of their text."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._kept: dict[bytes, Floats] = {}
        self._refused: set[bytes] = set()  # texts for which the service has no vector

    def copy(self) -> "VectorStore":
        made = VectorStore(self.model)
        made._kept, made._refused = dict(self._kept), set(self._refused)
        return made

    def digest(self, kind: str, text: str) -> bytes:
        return digest_of(self.model, kind, text[:MAX_TEXT])

    def get(self, kind: str, text: str) -> Floats | None:
        return self._kept.get(self.digest(kind, text))

    def wanted(self, table: CorrectionTable) -> Wanted:
        """Every text of the table."""
        pairs = [(QUERY, question.text) for question in table.questions]
        pairs += [(PASSAGE, correction.text) for correction in table.corrections.values()]
        return {self.digest(kind, text): (kind, text[:MAX_TEXT]) for kind, text in pairs}

    async def fetch(self, client: EmbeddingClient, wanted: Wanted) -> None:
        """Asks for what is missing of `wanted`, and forgets all else. Raises NoVectors; what has
        come by then is kept."""
        known = len(self._refused)
        for kind in (QUERY, PASSAGE):
            missing = [
                (digest, text)
                for digest, (its_kind, text) in wanted.items()
                if its_kind == kind and digest not in self._kept and digest not in self._refused
            ]
            for start in range(0, len(missing), BATCH):
                await self._add(client, kind, missing[start : start + BATCH])
        self._kept = {digest: self._kept[digest] for digest in wanted if digest in self._kept}
        if len(self._refused) > known:
            count = len(self._refused) - known
            log.warning("corrections_without_vectors", texts=count, model=self.model)

    async def _add(
        self, client: EmbeddingClient, kind: str, texts: Sequence[tuple[bytes, str]]
    ) -> None:
        try:
            vectors = await client.embed([text for _, text in texts], kind, BATCH_SECONDS)
        except NoVectors:
            if len(texts) > 1:
                for one in texts:
                    await self._add(client, kind, [one])
                return
            await client.embed([PROBE], kind, BATCH_SECONDS)  # raises where all texts fail
            self._refused.add(texts[0][0])
            return
        self._kept |= zip((digest for digest, _ in texts), vectors, strict=True)


@dataclass(frozen=True, slots=True)
class CorrectionVectors:
    """Of the questions of a table that have vectors. `places`: theirs in the table; `text_rows`:
    of each the row of its correction's text in `texts`, -1 without a vector."""

    model: str
    table: CorrectionTable
    places: list[int]
    questions: Floats
    texts: Floats
    text_rows: list[int]

    @classmethod
    def of(cls, table: CorrectionTable, store: VectorStore) -> "CorrectionVectors | None":
        """None where nothing has a vector."""
        found = [store.get(QUERY, question.text) for question in table.questions]
        places = [place for place, vector in enumerate(found) if vector is not None]
        if not places:
            return None
        texts: list[Floats] = []
        rows: dict[str, int] = {}
        for correction in table.corrections.values():
            if (vector := store.get(PASSAGE, correction.text)) is not None:
                rows[correction.id] = len(texts)
                texts.append(vector)
        questions: Floats = np.stack([one for one in found if one is not None])
        return cls(
            store.model,
            table,
            places,
            questions,
            np.stack(texts) if texts else np.zeros((0, questions.shape[1]), np.float32),
            [rows.get(table.owners[place].id, -1) for place in places],
        )

    def left_in(self, table: CorrectionTable) -> NDArray[np.bool_]:
        """Of each question whether its correction is in another table."""
        ids = [self.table.owners[place].id for place in self.places]
        return np.array([one in table.corrections for one in ids], np.bool_)
