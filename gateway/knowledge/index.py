"""BM25 (Robertson and Zaragoza, 2009) over clauses, titles counted twice, with a threshold for "nothing answers that"."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gateway.knowledge.clauses import CJK, Clause
from gateway.knowledge.index_packing import key_of
from gateway.knowledge.index_segment import Clauses, Segment
from gateway.knowledge.terms import STEMMED_SYNONYMS, query_terms

BLOCK = 1_000_000
K1 = 1.2
B = 0.6
# A hit must cover this share of the question's weight, by idf; measured by `make bench-retrieval`.
MIN_COVERAGE = 0.22
OTHER_LANGUAGE = 0.6  # a clause in the question's own language is preferred
# A clause must share a whole word with the question, not only characters that many words have.
WORD_WEIGHT = 0.4
# Beside the best hit, one below this share of its score is noise.
MIN_SHARE = 0.35
CODE = re.compile(
    r"\b[A-Za-z0-9]+(?:[_.:-][A-Za-z0-9]+)*\b"
)  # one with a letter and a digit or underscore in it
LETTER = re.compile(r"[a-z]")
DIGIT = re.compile(r"[0-9_]")
# A question of codes alone is in no language; Chinese comes first then.
LATIN_WORD = re.compile(r"\b[A-Za-z]?[a-z]{2,}\b")

Query = str | Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Hit:
    clause: Clause
    score: float
    coverage: float  # share of the question's weight that the clause holds, 0 to 1


class Index:
    def __init__(self, segments: Sequence[Segment] = ()) -> None:
        """Numpy only, a segment at a time: each step blocks the interpreter for milliseconds at most."""
        self.clauses = Clauses(segments)
        total = len(self.clauses)
        self._keys, found = _united([segment.keys for segment in segments])
        sizes = np.zeros(len(self._keys), np.int64)
        for terms, segment in zip(found, segments, strict=True):
            sizes[terms] += segment.sizes
        self._starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        self._idf = np.log(1 + (total - sizes + 0.5) / (sizes + 0.5))
        self._unknown_idf = math.log(1 + (total + 0.5) / 0.5)
        self._numbers = np.empty(int(self._starts[-1]), np.int32)
        self._values = np.empty(int(self._starts[-1]), np.float32)
        self._place(segments, found)
        self._weigh(
            np.concatenate([segment.lengths for segment in segments] or [np.zeros(0)]), sizes
        )
        self._chinese = np.concatenate(
            [segment.chinese for segment in segments] or [np.zeros(0)]
        ).astype(bool)

    def _place(self, segments: Sequence[Segment], found: list[np.ndarray]) -> None:
        """Puts every segment's postings behind those of the segments before it, term by term."""
        filled, base = self._starts[:-1].copy(), 0
        for terms, segment in zip(found, segments, strict=True):
            sizes = segment.sizes.astype(np.int64)
            where = np.repeat(filled[terms] - (np.cumsum(sizes) - sizes), sizes) + np.arange(
                len(segment.numbers)
            )
            self._numbers[where] = segment.numbers + np.uint32(base)
            self._values[where] = segment.counts
            filled[terms] += sizes
            base += len(segment)

    def _weigh(self, lengths: np.ndarray, sizes: np.ndarray) -> None:
        """Turns how often into how much, `BLOCK` postings at a time."""
        if not len(self._numbers):
            return
        norm = (K1 * (1 - B + B * lengths / lengths.mean())).astype(np.float32)
        edges = np.searchsorted(self._starts, np.arange(0, len(self._numbers), BLOCK))
        for first, last in pairwise([*np.unique(edges), len(sizes)]):
            block = slice(self._starts[first], self._starts[last])
            idf = np.repeat(self._idf[first:last].astype(np.float32), sizes[first:last])
            often = self._values[block]
            self._values[block] = idf * often * (K1 + 1) / (often + norm[self._numbers[block]])

    def _term(self, term: str) -> int | None:
        """The term's place in `_keys`, or None where no clause has it."""
        key = np.uint64(key_of(term))
        place = int(np.searchsorted(self._keys, key))
        return place if place < len(self._keys) and self._keys[place] == key else None

    def _postings(self, place: int) -> tuple[np.ndarray, np.ndarray]:
        block = slice(self._starts[place], self._starts[place + 1])
        return self._numbers[block], self._values[block]

    def _idf_of(self, term: str, unknown: float) -> float:
        place = self._term(term)
        return unknown if place is None else float(self._idf[place])

    def search(self, query: Query, limit: int = 5) -> list[Hit]:
        """The clauses that serve the question, best first; none where none does. `query` may be texts with weights:
        the first is the question itself, the rest (readings, earlier turns) help to find but not to fail it."""
        parts = [(query, 1.0)] if isinstance(query, str) else list(query)
        if not self.clauses or not parts:
            return []
        weights = own = self._weights(parts[:1])
        if len(parts) > 1:
            weights = self._weights(parts)
        raw = np.zeros(len(self.clauses), dtype=np.float32)
        worded = np.zeros(len(self.clauses), dtype=bool)
        for term, weight in weights.items():
            place = self._term(term)
            if place is not None:
                where, values = self._postings(place)
                raw[where] += weight * values
                worded[where] |= len(term) > 1 and weight >= WORD_WEIGHT
        chinese = bool(CJK.search(parts[0][0])) or not LATIN_WORD.search(parts[0][0])
        scores = np.where(self._chinese == chinese, raw, raw * OTHER_LANGUAGE)
        scores[~worded] = 0.0
        # What a picture says beside the question is no part of what has to be answered.
        coverage = self._coverage(own)
        if weights is not own:
            coverage = np.maximum(coverage, self._coverage(weights))
        return self._best(scores, coverage, limit, _codes(parts))

    def _coverage(self, weights: dict[str, float]) -> np.ndarray:
        """The share of what is asked that each clause holds, 0 to 1."""
        covered = np.zeros(len(self.clauses), dtype=np.float32)
        for term, weight in weights.items():
            place = self._term(term)
            if place is not None:
                covered[self._postings(place)[0]] += weight * self._idf[place]
        asked = sum(weight * self._weight_asked(term) for term, weight in weights.items())
        return covered / max(asked, 1e-6)

    def _weight_asked(self, term: str) -> float:
        """What a term adds to what was asked. A pair that no clause has mostly straddles two words: its characters count.
        A word that no clause has but a synonym of which stands in the question's terms is asked by that synonym."""
        if (len(term) == 2 and CJK.match(term)) or term in STEMMED_SYNONYMS:
            return self._idf_of(term, 0.0)
        return self._idf_of(term, self._unknown_idf)

    def _weights(self, parts: Sequence[tuple[str, float]]) -> dict[str, float]:
        weights: dict[str, float] = {}
        for text, weight in parts:
            for term, own in query_terms(text).items():
                weights[term] = max(weights.get(term, 0.0), weight * own)
        return weights

    def _best(
        self, scores: np.ndarray, coverage: np.ndarray, limit: int, codes: set[str]
    ) -> list[Hit]:
        width = min(len(scores), max(4 * limit, 20))
        order = np.argpartition(-scores, width - 1)[:width]
        hits: list[Hit] = []
        counterparts: set[tuple[str, str]] = set()
        for number in sorted(order, key=lambda number: -scores[number]):
            clause = self.clauses[int(number)]
            exact = any(code in clause.text.lower() for code in codes)
            if scores[number] <= 0 or not (exact or coverage[number] >= MIN_COVERAGE):
                continue
            if hits and scores[number] < MIN_SHARE * hits[0].score:
                break
            key = (clause.source.rpartition("/")[2], clause.clause or clause.text[:40])
            if key not in counterparts:
                counterparts.add(key)
                hits.append(
                    Hit(clause, round(float(scores[number]), 3), round(float(coverage[number]), 3))
                )
        return hits[:limit]


def _united(keys: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """(all keys, ascending and distinct; for each of `keys`, the places of its keys among them)."""
    together = np.concatenate(keys) if keys else np.zeros(0, np.uint64)
    united, places = np.unique(together, return_inverse=True)
    return united, np.split(
        places.astype(np.int32), np.cumsum([len(one) for one in keys])[:-1]
    ) if keys else []


def _codes(parts: Sequence[tuple[str, float]]) -> set[str]:
    """Error codes and the like: a clause that names one serves the question, whatever else it says."""
    words = {
        word.lower()
        for text, weight in parts
        if weight >= 0.8
        for word in CODE.findall(text)
        if len(word) >= 4
    }
    return {word for word in words if LETTER.search(word) and DIGIT.search(word)}
