"""/api/desk/corrections: better answers by staff, which serve as clauses (docs/knowledge.md)."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field, StringConstraints

from gateway.api.dependencies import RouteLimits, StaffName
from gateway.assistant.clause_corrections import StoredCorrections
from gateway.errors import InvalidRequest
from gateway.knowledge.correction_table import Correction
from gateway.knowledge.retriever import Retrieval, Retriever
from gateway.knowledge.turn_query import TurnQuery
from gateway.openai.validation import StrictModel
from gateway.storage.clause_corrections import ClauseCorrections, title_of
from gateway.throttling.one_per_owner import OnePerOwner

MAX_QUESTIONS = 20
MAX_QUESTION = 500  # characters
MAX_TEXT = 4_000
PREVIEW_PATIENCE = 10.0  # seconds that a person's next preview waits for the one before
TRIAL = "correction-preview"  # the id of one that is tried and not kept

AskedText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION)
]
CorrectionText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)
]


AnswerID = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Questions = Annotated[list[AskedText], Field(max_length=MAX_QUESTIONS)]


class CorrectionRequest(StrictModel):
    answer: AnswerID
    text: CorrectionText
    questions: Questions | None = None


class PreviewRequest(StrictModel):
    """`answer`: its question is one that is corrected. `tries`: further questions, which are asked
    but not corrected."""

    text: CorrectionText
    answer: AnswerID | None = None
    questions: Questions | None = None
    tries: Questions | None = None


def desk_corrections_router(
    store: ClauseCorrections, live: StoredCorrections, retriever: Retriever, limits: RouteLimits
) -> APIRouter:
    """`live` is what the retriever searches: a change here is in it at once."""
    router = APIRouter(prefix="/api/desk/corrections")
    previews = OnePerOwner("preview", PREVIEW_PATIENCE)

    @router.post("", status_code=201)
    @limits.limit
    def add(request: Request, body: CorrectionRequest, staff: StaffName) -> dict[str, Any]:
        row = store.add(body.answer, body.text, body.questions or [], staff)
        live.try_refresh()
        return row.as_json()

    @router.post("/preview")
    async def preview(request: Request, body: PreviewRequest, staff: StaffName) -> dict[str, Any]:
        """What each question finds now, and what it would find: {object, data: [{question, is_try,
        wins, before: [Cited], after: [Cited]}]}, Cited: {id, title, clause, text, kind, score}.
        Keeps nothing. Raises NotFound, InvalidRequest without any question, RateLimitExceeded
        while an earlier one of the same person runs: each copies all corrections' vectors."""
        await limits.charge(request)
        own = await asyncio.to_thread(store.question_of, body.answer) if body.answer else ""
        kept = [one for one in dict.fromkeys((own, *(body.questions or []))) if one.strip()]
        if not kept:
            raise InvalidRequest("A correction needs a question.", param="questions")
        asked = list(dict.fromkeys((*kept, *(body.tries or []))))
        async with previews.turn(staff):
            trial = await retriever.trying(trial_correction(kept, body.text, staff))
            found = [await found_by(retriever, trial, one) for one in asked]
        data = [
            {"question": question, "is_try": question not in kept, **row}
            for question, row in zip(asked, found, strict=True)
        ]
        return {"object": "list", "data": data}

    @router.get("")
    @limits.limit
    def listing(
        request: Request,
        staff: StaffName,
        query: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        after: Annotated[str, Query(max_length=64)] = "",
    ) -> dict[str, Any]:
        return store.page(query, limit, after)

    @router.delete("/{correction_id}")
    @limits.limit
    def remove(request: Request, correction_id: str, staff: StaffName) -> dict[str, Any]:
        store.remove(correction_id)
        live.try_refresh()
        return {"id": correction_id, "object": "correction", "deleted": True}

    return router


async def found_by(live: Retriever, trial: Retriever, question: str) -> dict[str, Any]:
    """{wins, before, after}: what the question finds without and with the correction on trial."""
    query = TurnQuery([question])
    before, after = await live.find(query), await trial.find(query)
    cited = cited_of(after)
    wins = bool(cited) and cited[0]["id"] == TRIAL
    return {"wins": wins, "before": cited_of(before), "after": cited}


def trial_correction(questions: list[str], text: str, author: str) -> Correction:
    today = datetime.now(UTC).date().isoformat()
    return Correction(TRIAL, questions, text, author, today, title_of(questions, text))


def cited_of(found: Retrieval) -> list[dict[str, Any]]:
    names = ("id", "title", "clause", "text", "kind", "score")
    return [{name: one[name] for name in names} for one in found.clauses]
