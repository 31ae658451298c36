"""Why clauses were found for a question, and why others were not: for staff.

A question of several parts is reported by its first one, the whole question.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gateway.knowledge.clause_search import ANSWERS, BY_NUMBER, SHARE, Found
from gateway.knowledge.clauses import Clause
from gateway.knowledge.index import MIN_COVERAGE, Index
from gateway.knowledge.retriever import Retrieval, Searched
from gateway.knowledge.vectors.embedding_client import Floats
from gateway.knowledge.vectors.relevance import Fits

MAX_CANDIDATES = 12


@dataclass(frozen=True, slots=True)
class Scores:
    """Of each clause: `score` is compared with `threshold`, `words` is the share of the question's
    words, by weight, that it holds. `fits` and `cosines` are None where words alone were
    searched."""

    words: "np.ndarray"
    fits: Fits | None = None
    cosines: Floats | None = None

    @property
    def threshold(self) -> float:
        return MIN_COVERAGE if self.fits is None else ANSWERS

    def order(self) -> "np.ndarray":
        """Places, best first."""
        by = self.words if self.fits is None else self.fits.fit
        return np.argsort(-by, kind="stable")

    def score(self, place: int) -> float:
        return float(self.words[place]) if self.fits is None else self.fits.score(place)

    def meaning(self, place: int) -> float | None:
        """The cosine of question and clause."""
        return None if self.cosines is None else float(self.cosines[place])


def report(searched: Searched, retrieval: Retrieval, audience: str) -> dict[str, Any]:
    """{by, searched, threshold, verdict, data: [Candidate]}. Takes as long as two searches.

    `by` is meaning, words, number, code or nothing. Candidate: {id, title, clause, text, kind,
    source, place, locale, audience, effective, expires, score, meaning, words, cited, reason}.
    """
    asked, found = searched.asked[0], searched.found[0]
    scores = _scores(searched)
    cited = {one["id"]: one for one in retrieval.clauses}
    data = [_correction(one) for one in retrieval.clauses if one["kind"] != "clause"]
    for place in _places(searched, scores, set(cited)):
        clause = searched.index.clauses[place]
        reason = _reason(place, clause, searched, scores, audience, clause.id in cited)
        data.append(
            _clause(clause)
            | {
                "score": round(scores.score(place), 3),
                "meaning": _rounded(scores.meaning(place)),
                "words": round(float(scores.words[place]), 3),
                "cited": clause.id in cited,
                "reason": reason,
            }
        )
    rank = {identity: number for number, identity in enumerate(cited)}
    data.sort(key=lambda one: rank.get(one["id"], len(rank)))  # stable: then by score
    return {
        "by": _by(found, bool(asked.text), scores),
        "searched": asked.text,
        "threshold": scores.threshold,
        "verdict": retrieval.verdict,
        "data": data,
    }


def _scores(searched: Searched) -> Scores:
    asked, vector = searched.asked[0], searched.vectors[0]
    words = searched.index.coverage(asked.words)
    if searched.relevance is None or vector is None:
        return Scores(words)
    relevance = searched.relevance
    return Scores(words, relevance.fits(vector, asked.words), relevance.cosines(vector))


def _by(found: Found, is_searched: bool, scores: Scores) -> str:
    if found.is_exact:
        return "number" if found.hits[0][1] == BY_NUMBER else "code"
    if not is_searched:
        return "nothing"
    return "words" if scores.fits is None else "meaning"


def _places(searched: Searched, scores: Scores, cited: set[str]) -> list[int]:
    """What was found for any part, then the best of the others, without those that have nothing
    in common with the question."""
    index = searched.index
    found = [place for one in searched.found for place, _ in one.hits]
    if searched.asked[0].text:
        best = scores.order()[:MAX_CANDIDATES].tolist()
        found += [place for place in best if scores.fits is not None or scores.words[place] > 0]
    places = list(dict.fromkeys(found))
    shown = {place for place in places if index.clauses[place].id in cited}
    left = [place for place in places if place not in shown]
    return [*shown, *left][: max(MAX_CANDIDATES, len(shown))]


def _reason(
    place: int, clause: Clause, searched: Searched, scores: Scores, audience: str, is_cited: bool
) -> str:
    found = searched.found[0]
    hits = {hit for hit, _ in found.hits}
    if is_cited:
        if found.is_exact and place in hits:
            return _by(found, True, scores)
        if place not in hits:
            return "part"
        return "translation" if _stands_in(place, scores) else _by(found, True, scores)
    if not searched.index.serving("staff")[place]:
        return "not_in_force"
    if not searched.index.serving(audience)[place]:
        return "staff_only"
    if scores.score(place) < scores.threshold:
        return "below_threshold"
    if clause.pair and _is_paired(clause, place, searched.index, hits):
        return "other_language"
    if scores.fits is None or float(scores.fits.fit[place]) < SHARE * found.best_fit:
        return "far_behind"
    return "enough_found"


def _stands_in(place: int, scores: Scores) -> bool:
    """Whether a clause is cited for its translation, which was found."""
    return scores.fits is not None and scores.score(place) < scores.threshold


def _is_paired(clause: Clause, place: int, index: Index, hits: Iterable[int]) -> bool:
    return any(index.clauses[hit].pair == clause.pair and hit != place for hit in hits)


def _clause(clause: Clause) -> dict[str, Any]:
    return {
        "id": clause.id,
        "title": clause.title,
        "clause": clause.clause,
        "text": clause.text,
        "kind": "clause",
        "source": clause.source,
        "place": clause.place,
        "locale": clause.locale,
        "audience": clause.audience,
        "effective": clause.effective.isoformat() if clause.effective else None,
        "expires": clause.expires.isoformat() if clause.expires else None,
    }


def _correction(one: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: one[name] for name in ("id", "title", "clause", "text", "kind", "score")},
        "source": "",
        "place": "",
        "locale": "",
        "audience": "customer",
        "effective": None,
        "expires": None,
        "meaning": None,
        "words": None,
        "author": one["author"],
        "date": one["date"],
        "cited": True,
        "reason": "correction",
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
