"""Finds the clauses that a turn's answer may rest on, and says where there are none."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import structlog

from gateway.knowledge.clause_search import (
    LIMIT,
    MAX_SUGGESTIONS,
    Asked,
    Found,
    search,
    taken_apart,
)
from gateway.knowledge.clauses import Clause
from gateway.knowledge.correction_table import Correction, CorrectionTable
from gateway.knowledge.corrections import CorrectionMatcher, as_clause
from gateway.knowledge.edition import Edition
from gateway.knowledge.index import Index
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.reranker import Reranker
from gateway.knowledge.spelling import respelled, unknown_words
from gateway.knowledge.terms import normalise
from gateway.knowledge.turn_query import TurnQuery, cut, parts_of
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.knowledge.vectors.embedding_client import Floats, NoVectors
from gateway.knowledge.vectors.relevance import Relevance

log = structlog.get_logger()
# A query that is answered in about a millisecond. A longer one, counted as NFKC makes it, may hold
# up other answers, and runs in a thread.
QUICK_CLAUSES, QUICK_CHARACTERS = 1_000, 500
BY_CORRECTION = 0.99

Verdict = Literal["answer", "suggest", "none"]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """`clauses`: {id, title, clause, text, score, kind, author?, date?}, best first, `score` 0 to
    1, `kind` "clause" or "correction". `suggestions`: {id, title, clause} for "did you mean"."""

    verdict: Verdict = "none"
    clauses: list[dict[str, Any]] = field(default_factory=list)
    suggestions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Searched:
    """A query's parts, the whole question first, and what was found for each. `vectors`: of each
    part, None where words alone were searched; `relevance` and `model` belong to them.
    `corrections`: those of the same edition."""

    index: Index
    asked: Sequence[Asked]
    found: Sequence[Found]
    relevance: Relevance | None
    vectors: Sequence[Floats | None]
    model: str
    corrections: CorrectionTable


class Retriever:
    def __init__(
        self,
        knowledge: KnowledgeBase,
        vectors: VectorBuilder,
        corrections: CorrectionMatcher | None = None,
        reranker: Reranker | None = None,
        embedding_seconds: float = 0.3,
    ) -> None:
        self._knowledge = knowledge
        self._vectors = vectors
        self._corrections = corrections
        self._reranker = reranker
        self._embedding_seconds = embedding_seconds
        self._no_corrections = CorrectionTable()

    def edition(self) -> Edition:
        """The clauses and corrections as they are now."""
        matcher = self._corrections
        table = matcher.table if matcher is not None else self._no_corrections
        return Edition(self._knowledge.snapshot, table)

    async def find(self, query: TurnQuery, edition: Edition | None = None) -> Retrieval:
        return (await self.found(query, edition))[1]

    async def found(
        self, query: TurnQuery, edition: Edition | None = None
    ) -> tuple[Searched | None, Retrieval]:
        """(what was searched, what of it an answer may rest on), all in one edition: the newest,
        where none is given. A question with misspelt words is searched once more with these put
        right, and that counts if it fits a clause better."""
        edition = edition or self.edition()
        searched = await self.search(query, edition)
        if searched is None:
            return None, Retrieval()
        retrieval = await self.judge(searched)
        said = cut(query.questions[-1]) if query.questions else ""
        unknown = unknown_words(said, searched.index)
        if not unknown:
            return searched, retrieval
        spelled = await asyncio.to_thread(respelled, said, unknown, searched.index)
        if not spelled:
            return searched, retrieval
        right_query = replace(query, questions=[*query.questions[:-1], spelled])
        again = await self.search(right_query, edition)
        right = await self.judge(again) if again else Retrieval()
        if again is None or _best(right) <= _best(retrieval):
            return searched, retrieval
        return again, right

    async def search(self, query: TurnQuery, edition: Edition) -> Searched | None:
        """None where there is nothing to search for."""
        parts = parts_of(query)
        if not parts:
            return None
        index = edition.snapshot.index
        asked = [taken_apart(part, index, query.locale) for part in parts]
        relevance, vectors, model = await self._meaning(asked, index, query.owner)
        jobs = [
            (one, index, query.audience, relevance, vector)
            for one, vector in zip(asked, vectors, strict=True)
        ]
        size = sum(len(normalise(one.text)) for one in asked)
        if len(index.clauses) <= QUICK_CLAUSES and size <= QUICK_CHARACTERS:
            found = [search(*job) for job in jobs]
        else:
            found = await asyncio.to_thread(lambda: [search(*job) for job in jobs])
        return Searched(index, asked, found, relevance, vectors, model, edition.corrections)

    async def judge(self, searched: Searched) -> Retrieval:
        """What of the clauses that were found an answer may rest on."""
        index, asked, found = searched.index, searched.asked, searched.found
        hits = await self._reranked(asked[0], _merged(found), index)
        clauses = [_as_dict(index.clauses[place], score) for place, score in hits]
        clauses = await self._corrected(searched, clauses)
        if clauses:
            return Retrieval("answer", clauses[:LIMIT])
        near = _without_repeats(pair for one in found for pair in one.near)[:MAX_SUGGESTIONS]
        suggestions = [_as_suggestion(index.clauses[place]) for place, _ in near]
        return Retrieval("suggest" if suggestions else "none", [], suggestions)

    async def trying(self, correction: Correction) -> "Retriever":
        """The same with one more correction, which is not kept."""
        assert self._corrections is not None
        current = self._vectors.current
        matcher = await self._corrections.trying(correction, current[0] if current else None)
        return Retriever(
            self._knowledge, self._vectors, matcher, self._reranker, self._embedding_seconds
        )

    async def _meaning(
        self, asked: Sequence[Asked], index: Index, owner: str
    ) -> tuple[Relevance | None, list[Floats | None], str]:
        """What judges meaning, the vector of each part and their model; nothing where words alone
        must do."""
        nothing: list[Floats | None] = [None] * len(asked)
        current = self._vectors.current
        texts = [one.text for one in asked if one.text]
        if current is None or not texts or current[1].index is not index:
            return None, nothing, ""
        client, relevance = current
        try:
            vectors = iter(await client.questions(texts, self._embedding_seconds, owner))
        except NoVectors as error:
            log.warning("question_without_vector", reason=str(error))
            return None, nothing, ""
        return relevance, [next(vectors) if one.text else None for one in asked], client.model

    async def _reranked(
        self, asked: Asked, hits: list[tuple[int, float]], index: Index
    ) -> list[tuple[int, float]]:
        if self._reranker is None or not asked.text or len(hits) < 2:
            return hits
        texts = [f"{index.clauses[place].title}\n{index.clauses[place].text}" for place, _ in hits]
        return [hits[number] for number in await self._reranker.order(asked.text, texts)]

    async def _corrected(
        self, searched: Searched, clauses: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        asked = searched.asked[0]
        if self._corrections is None or not asked.part.own:
            return clauses
        vector, best_fit, table = (
            searched.vectors[0],
            searched.found[0].unmoved_fit,
            searched.corrections,
        )
        job = (asked.part.own, vector, best_fit, searched.model, table)
        if len(table.questions) <= QUICK_CLAUSES:
            correction = self._corrections.match(*job)
        else:
            correction = await asyncio.to_thread(self._corrections.match, *job)
        if correction is None:
            return clauses
        return [as_clause(correction, BY_CORRECTION), *clauses[: LIMIT - 1]]


def _best(retrieval: Retrieval) -> float:
    return max((float(one["score"]) for one in retrieval.clauses), default=0.0)


def _merged(found: Sequence[Found]) -> list[tuple[int, float]]:
    """The whole question's hits. Where it has parts, the best of each part comes first; what was
    asked for by number or code comes alone."""
    exact = [pair for one in found if one.is_exact for pair in one.hits]
    if exact:
        parts = [one.hits[0] for one in found[1:] if one.hits and not one.is_exact]
        return _without_repeats([*exact, *parts])[:LIMIT]
    firsts = [one.hits[0] for one in found[1:] if one.hits]
    return _without_repeats([*firsts, *found[0].hits])[:LIMIT]


def _without_repeats(hits: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    seen: dict[int, float] = {}
    for place, score in hits:
        seen.setdefault(place, score)
    return list(seen.items())


def _as_dict(clause: Clause, score: float) -> dict[str, Any]:
    return {
        "id": clause.id,
        "title": clause.title,
        "clause": clause.clause,
        "text": clause.text,
        "score": score,
        "kind": "clause",
    }


def _as_suggestion(clause: Clause) -> dict[str, Any]:
    return {"id": clause.id, "title": clause.title, "clause": clause.clause}
