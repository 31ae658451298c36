"""Corrections on trial: what one person's previews cost the others."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import httpx
from fastapi import FastAPI

from gateway.api.dependencies import RouteLimits, staff_of
from gateway.api.desk_corrections import desk_corrections_router


class CountingRetriever:
    """Finds nothing, slowly, and counts the trials that exist at the same time."""

    def __init__(self) -> None:
        self.running = 0
        self.most = 0

    async def trying(self, _: object) -> "CountingRetriever":
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.05)
        self.running -= 1
        return self

    async def find(self, _: object) -> Any:
        return SimpleNamespace(clauses=[])


async def test_previews_of_one_person_follow_each_other() -> None:
    async def charge(_: object) -> None:
        pass

    retriever = CountingRetriever()
    limits = RouteLimits(limit=lambda route: route, charge=charge)
    app = FastAPI()
    app.include_router(desk_corrections_router(*cast(Any, (None, None, retriever, limits))))
    app.dependency_overrides[staff_of] = lambda: "anna"
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        body = {"text": "Yes.", "questions": ["May I?"]}
        path = "/api/desk/corrections/preview"
        answers = await asyncio.gather(*(client.post(path, json=body) for _ in range(5)))
    assert [one.status_code for one in answers] == [200] * 5
    assert retriever.most == 1
