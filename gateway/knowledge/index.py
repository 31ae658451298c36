"""BM25 (Robertson and Zaragoza, 2009) over clauses, titles counted twice, with a threshold for "nothing answers that"."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.knowledge.clauses import CJK, Clause
from gateway.knowledge.terms import STEMMED_SYNONYMS, query_terms, terms

K1 = 1.2
B = 0.6
TITLE_WEIGHT = 2
# A hit must cover this share of the question's weight, by idf; measured by `make bench-retrieval`.
MIN_COVERAGE = 0.22
OTHER_LANGUAGE = 0.6  # a clause in the question's own language is preferred
# A clause must share a whole word with the question, not only characters that many words have.
WORD_WEIGHT = 0.4
# Beside the best hit, one below this share of its score is noise.
MIN_SHARE = 0.35
CODE = re.compile(r"(?i)\b(?=[a-z0-9_.:-]*[a-z])(?=[a-z0-9_.:-]*[\d_])[a-z0-9]+(?:[_.:-][a-z0-9]+)*\b")
# A question of codes alone is in no language; Chinese comes first then.
LATIN_WORD = re.compile(r"\b[A-Za-z]?[a-z]{2,}\b")

Query = str | Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Hit:
    clause: Clause
    score: float
    coverage: float  # share of the question's weight that the clause holds, 0 to 1


class Index:
    def __init__(self, clauses: Sequence[Clause]) -> None:
        self.clauses = list(clauses)
        counts = [terms(clause.text) + _times(terms(clause.title), TITLE_WEIGHT) for clause in self.clauses]
        lengths = np.array([sum(count.values()) for count in counts] or [1], dtype=np.float32)
        norm = K1 * (1 - B + B * lengths / lengths.mean())
        postings: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for number, count in enumerate(counts):
            for term, times in count.items():
                numbers, frequencies = postings[term]
                numbers.append(number)
                frequencies.append(times)
        self._postings: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._idf: dict[str, float] = {}
        total = len(self.clauses)
        for term, (numbers, frequencies) in postings.items():
            where = np.array(numbers, dtype=np.int32)
            frequency = np.array(frequencies, dtype=np.float32)
            idf = math.log(1 + (total - len(numbers) + 0.5) / (len(numbers) + 0.5))
            self._postings[term] = (where, idf * frequency * (K1 + 1) / (frequency + norm[where]))
            self._idf[term] = idf
        self._unknown_idf = math.log(1 + (total + 0.5) / 0.5)
        self._chinese = np.array([clause.locale == "zh" for clause in self.clauses], dtype=bool)

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
            posting = self._postings.get(term)
            if posting is not None:
                where, values = posting
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
            if term in self._postings:
                covered[self._postings[term][0]] += weight * self._idf[term]
        asked = sum(weight * self._weight_asked(term) for term, weight in weights.items())
        return covered / max(asked, 1e-6)

    def _weight_asked(self, term: str) -> float:
        """What a term adds to what was asked. A pair that no clause has mostly straddles two words: its characters count.
        A word that no clause has but a synonym of which stands in the question's terms is asked by that synonym."""
        if (len(term) == 2 and CJK.match(term)) or term in STEMMED_SYNONYMS:
            return self._idf.get(term, 0.0)
        return self._idf.get(term, self._unknown_idf)

    def _weights(self, parts: Sequence[tuple[str, float]]) -> dict[str, float]:
        weights: dict[str, float] = {}
        for text, weight in parts:
            for term, own in query_terms(text).items():
                weights[term] = max(weights.get(term, 0.0), weight * own)
        return weights

    def _best(self, scores: np.ndarray, coverage: np.ndarray, limit: int, codes: set[str]) -> list[Hit]:
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
                hits.append(Hit(clause, round(float(scores[number]), 3), round(float(coverage[number]), 3)))
        return hits[:limit]


def _codes(parts: Sequence[tuple[str, float]]) -> set[str]:
    """Error codes and the like: a clause that names one serves the question, whatever else it says."""
    return {code.lower() for text, weight in parts if weight >= 0.8 for code in CODE.findall(text) if len(code) >= 4}


def _times(counter: Counter[str], factor: int) -> Counter[str]:
    return Counter({term: count * factor for term, count in counter.items()})
