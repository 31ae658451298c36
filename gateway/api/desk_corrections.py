"""/api/desk/corrections: better answers by staff, which serve as clauses (docs/knowledge.md)."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from gateway.api.dependencies import RouteLimits, StaffName
from gateway.assistant.clause_corrections import StoredCorrections
from gateway.openai.validation import StrictModel
from gateway.storage.clause_corrections import ClauseCorrections

MAX_QUESTIONS = 20
MAX_QUESTION = 500  # characters
MAX_TEXT = 4_000

AskedText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION)
]
CorrectionText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)
]


class CorrectionRequest(StrictModel):
    answer: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    text: CorrectionText
    questions: Annotated[list[AskedText], Field(max_length=MAX_QUESTIONS)] | None = None


def desk_corrections_router(
    store: ClauseCorrections, live: StoredCorrections, limits: RouteLimits
) -> APIRouter:
    """`live` is what the retriever searches: a change here is in it at once."""
    router = APIRouter(prefix="/api/desk/corrections")

    @router.post("", status_code=201)
    @limits.limit
    def add(request: Request, body: CorrectionRequest, staff: StaffName) -> dict[str, Any]:
        row = store.add(body.answer, body.text, body.questions or [], staff)
        live.try_refresh()
        return row.as_json()

    @router.get("")
    @limits.limit
    def listing(request: Request, staff: StaffName) -> dict[str, Any]:
        return {"object": "list", "data": [row.as_json() for row in store.every()]}

    @router.delete("/{correction_id}")
    @limits.limit
    def remove(request: Request, correction_id: str, staff: StaffName) -> dict[str, Any]:
        store.remove(correction_id)
        live.try_refresh()
        return {"id": correction_id, "object": "correction", "deleted": True}

    return router
