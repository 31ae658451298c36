"""BM25 (Robertson and Zaragoza, 2009) over clauses.

Titles count twice. A threshold decides that no clause answers the question.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from gateway.knowledge.catalog import Catalog
from gateway.knowledge.clauses import CJK, CUSTOMER, Clause
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
    place: int = 0  # among the clauses of the index


@dataclass(frozen=True, slots=True)
class Asked:
    """The terms of a query that some clause has, and their postings.

    By term: `weights`; `covered`, the share of the whole query that it is, by weight and idf;
    `is_word`, 1.0 for those that are more than a character of many words. By posting: `terms`,
    its term's place in the former; `postings`, its own place in the index.
    """

    weights: np.ndarray
    covered: np.ndarray
    is_word: np.ndarray
    terms: np.ndarray
    postings: np.ndarray


class Index:
    def __init__(self, segments: Sequence[Segment] = ()) -> None:
        """Numpy works a segment at a time, so no step blocks the interpreter for long."""
        self.clauses = Clauses(segments)
        self._segments = segments
        self._serving: dict[str, tuple[date, np.ndarray]] = {}  # by audience, for one day
        self.catalog = Catalog(self.clauses)
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

    def search(self, query: Query, limit: int = 5, audience: str = CUSTOMER) -> list[Hit]:
        """The clauses that answer the question, best first; none where none does. Only those that
        are in force today and meant for the audience.

        `query` may be texts with weights: the first is the question itself, the rest (readings,
        earlier turns) help to find a clause, but a clause need not hold them.
        """
        parts = [(query, 1.0)] if isinstance(query, str) else list(query)
        if not len(self._keys) or not parts:
            return []
        own = asked = self._asked(parts[:1])
        if len(parts) > 1:
            asked = self._asked(parts)
        scores = self._sums(asked, asked.weights[asked.terms] * self._values[asked.postings])
        chinese = bool(CJK.search(parts[0][0])) or not LATIN_WORD.search(parts[0][0])
        scores[self._chinese != chinese] *= OTHER_LANGUAGE
        scores[self._sums(asked, asked.is_word[asked.terms]) == 0] = 0.0
        scores *= self.serving(audience)
        coverage = self._coverage(own)
        if asked is not own:
            # What a picture says beside the question is no part of what has to be answered.
            coverage = np.maximum(coverage, self._coverage(asked))
        return self._best(scores, coverage, limit, _codes(parts))

    def serving(self, audience: str) -> np.ndarray:
        """bool: the clauses that are in force today and meant for the audience."""
        today = date.today()
        kept = self._serving.get(audience)
        if kept is not None and kept[0] == today:
            return kept[1]
        parts = [one.serving(audience, today) for one in self._segments] or [np.zeros(0, bool)]
        serving = np.concatenate(parts)
        self._serving[audience] = today, serving
        return serving

    def coverage(self, text: str) -> np.ndarray:
        """float64, 0 to 1: the share of the words of `text`, by weight, that each clause holds."""
        if not len(self._keys):
            return np.zeros(len(self.clauses))
        return self._coverage(self._asked([(text, 1.0)]))

    def holding(self, terms: Sequence[str]) -> np.ndarray:
        """bool: the clauses that have all of the terms."""
        keys = np.array([key_of(term) for term in terms], np.uint64)
        places = np.searchsorted(self._keys, keys)
        held = np.zeros(len(self.clauses), np.intp)
        for key, place in zip(keys, places, strict=True):
            if place < len(self._keys) and self._keys[place] == key:
                held[self._numbers[self._starts[place] : self._starts[place + 1]]] += 1
        has_all: np.ndarray = held == len(keys)
        return has_all

    def sizes_of(self, terms: Sequence[str]) -> list[int]:
        """How many clauses have each term."""
        if not len(self._keys) or not terms:
            return [0] * len(terms)
        keys = np.array([key_of(term) for term in terms], np.uint64)
        places = np.searchsorted(self._keys, keys)
        places[places == len(self._keys)] = 0
        sizes = self._starts[places + 1] - self._starts[places]
        return [int(size) for size in np.where(self._keys[places] == keys, sizes, 0)]

    def _asked(self, parts: Sequence[tuple[str, float]]) -> Asked:
        """All terms are looked up at once: a call into numpy for each would be most of a search."""
        weights: dict[str, float] = {}
        for text, weight in parts:
            for term, own in query_terms(text).items():
                weights[term] = max(weights.get(term, 0.0), weight * own)
        keys = np.array([key_of(term) for term in weights], np.uint64)
        places = np.searchsorted(self._keys, keys)
        places[places == len(self._keys)] = 0
        known = self._keys[places] == keys
        terms = list(weights)
        found = [term for term, is_known in zip(terms, known.tolist(), strict=True) if is_known]
        places = places[known]
        given = np.array([weights[term] for term in found], np.float64)
        covered = given * self._idf[places]
        missing = (
            term for term, is_known in zip(terms, known.tolist(), strict=True) if not is_known
        )
        total = covered.sum() + sum(
            weights[term] * self._unknown_idf for term in missing if not _is_optional(term)
        )
        starts = self._starts[places]
        sizes = self._starts[places + 1] - starts
        which = np.repeat(np.arange(len(places)), sizes)
        return Asked(
            weights=given,
            covered=covered / max(total, 1e-6),
            is_word=np.array(
                [len(term) > 1 and weights[term] >= WORD_WEIGHT for term in found], np.float64
            ),
            terms=which,
            postings=np.arange(len(which)) + (starts - np.cumsum(sizes) + sizes)[which],
        )

    def _sums(self, asked: Asked, values: np.ndarray) -> np.ndarray:
        """For each clause the sum of the values of its postings."""
        clauses = self._numbers[asked.postings]
        return np.bincount(clauses, values, len(self.clauses)).astype(np.float64, copy=False)

    def _coverage(self, asked: Asked) -> np.ndarray:
        """The share of what is asked that each clause holds, 0 to 1."""
        return self._sums(asked, asked.covered[asked.terms])

    def _best(
        self, scores: np.ndarray, coverage: np.ndarray, limit: int, codes: set[str]
    ) -> list[Hit]:
        worst = -scores
        width = min(len(scores), max(4 * limit, 20))
        order = np.argpartition(worst, width - 1)[:width]
        order = order[worst[order].argsort(kind="stable")]
        hits: list[Hit] = []
        counterparts: set[str] = set()
        for number, score in zip(order.tolist(), scores[order].tolist(), strict=True):
            if score <= 0 or len(hits) == limit:
                break
            if hits and score < MIN_SHARE * hits[0].score:
                break
            if coverage[number] < MIN_COVERAGE and not codes:
                continue
            clause = self.clauses[number]
            exact = any(code in clause.text.lower() for code in codes)
            if not (exact or coverage[number] >= MIN_COVERAGE):
                continue
            key = clause.pair or clause.id
            if key not in counterparts:
                counterparts.add(key)
                hits.append(Hit(clause, round(score, 3), round(float(coverage[number]), 3), number))
        return hits


def _is_optional(term: str) -> bool:
    """Whether a term that no clause has adds nothing to what was asked: a pair of characters mostly
    straddles two words, and its characters count; a word with a synonym is asked by that one.
    """
    return (len(term) == 2 and bool(CJK.match(term))) or term in STEMMED_SYNONYMS


def _united(keys: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """(all keys, ascending and distinct; for each of `keys`, the places of its keys among them)."""
    together = np.concatenate(keys) if keys else np.zeros(0, np.uint64)
    united, places = np.unique(together, return_inverse=True)
    return united, np.split(
        places.astype(np.int32), np.cumsum([len(one) for one in keys])[:-1]
    ) if keys else []


def _codes(parts: Sequence[tuple[str, float]]) -> set[str]:
    """Error codes and the like: a clause that names one answers the question, whatever its score."""
    words = {
        word.lower()
        for text, weight in parts
        if weight >= 0.8
        for word in CODE.findall(text)
        if len(word) >= 4
    }
    return {word for word in words if LETTER.search(word) and DIGIT.search(word)}
