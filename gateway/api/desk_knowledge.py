"""/api/desk/knowledge: the knowledge folder for staff, and why a clause is found or not."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from gateway.api.dependencies import RouteLimits, StaffName
from gateway.assistant.intents import SEARCHED, intent_of
from gateway.assistant.persona_file import PersonaFile
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.search_report import report
from gateway.knowledge.turn_query import TurnQuery
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.storage.clause_corrections import ClauseCorrections

MAX_QUERY = 500  # characters

SearchText = Annotated[str, Query(min_length=1, max_length=MAX_QUERY)]


def desk_knowledge_router(
    base: KnowledgeBase,
    persona_file: PersonaFile,
    vectors: VectorBuilder,
    retriever: Retriever,
    corrections: ClauseCorrections,
    limits: RouteLimits,
) -> APIRouter:
    router = APIRouter(prefix="/api/desk/knowledge")

    @router.get("")
    @limits.limit
    def files(request: Request, staff: StaffName) -> dict[str, Any]:
        """{object, version, clauses, in_force, corrections, vectors, data: [{path, size,
        changed_at, clauses}], problems: [{path, code, reason}]}. `in_force`: may be used today,
        staff's included."""
        snapshot = base.snapshot
        problems = (*snapshot.problems, *persona_file.problems)
        return {
            "object": "list",
            "version": retriever.edition().version(persona_file.persona.version),
            "clauses": len(snapshot.index.clauses),
            "in_force": int(snapshot.index.serving("staff").sum()),
            "corrections": corrections.state()[0],
            "vectors": vectors.report(),
            "data": [asdict(file) for file in snapshot.files],
            "problems": [
                {"path": one.path, "code": one.code, "reason": one.message} for one in problems
            ],
        }

    @router.get("/search")
    async def search(
        request: Request,
        staff: StaffName,
        query: SearchText,
        audience: Literal["customer", "staff"] = "customer",
    ) -> dict[str, Any]:
        """What a question of a customer (or of staff) finds, and why: {object, query, intent, by,
        searched, threshold, verdict, data} of `search_report.report`."""
        await limits.charge(request)
        intent = intent_of(query, has_picture=False)
        found = await explained(retriever, TurnQuery([query], audience=audience))
        if intent not in SEARCHED:  # the assistant would not have searched
            found |= {"verdict": "none"}
        return {"object": "list", "query": query, "intent": intent} | found

    return router


async def explained(retriever: Retriever, query: TurnQuery) -> dict[str, Any]:
    """`search_report.report` of the query."""
    searched, retrieval = await retriever.found(query)
    if searched is None:
        return {"by": "nothing", "searched": "", "threshold": 0, "verdict": "none", "data": []}
    return await asyncio.to_thread(report, searched, retrieval, query.audience)
