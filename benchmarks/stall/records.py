"""Searches, exports and listings of a caller who has stored as much as is allowed."""

import asyncio
import json
from urllib.parse import quote

from benchmarks.stall.attack import Attack, Desk, Outcome, Request, chat, raw, send, sends, upload

QUESTIONS = 30
STORED = 200_000  # characters
FILES = 320


def attacks() -> list[Attack]:
    return [
        Attack("record", f"{QUESTIONS} questions of 200,000 characters kept", fill),
        sends("record", "forty searches that nearly match", lambda: [search("ab" * 99 + "c")] * 40),
        sends("record", "forty searches of signs", lambda: [search("%_" * 100)] * 40),
        sends("record", "twenty exports", lambda: [Request("/api/export", method="GET")] * 20),
        sends(
            "record",
            "exports that leave",
            lambda: [Request("/api/export", method="GET")] * 20,
            leave_after=0.1,
        ),
        sends("record", "what a database cannot store", impossible),
        Attack("record", f"{FILES} files: listed, uploaded, deleted at once", files),
    ]


async def fill(desk: Desk, outcome: Outcome) -> None:
    text = "ab" * (STORED // 2)
    await asyncio.gather(*(send(desk, chat(text, "/api/chat"), outcome) for _ in range(QUESTIONS)))


async def files(desk: Desk, outcome: Outcome) -> None:
    """Eight uploaders, then concurrent listings, uploads and deletions."""
    from benchmarks.stall.pictures import png

    small = png([])
    ids: list[str] = []

    async def add(count: int) -> None:
        for _ in range(count):
            body = await send(desk, upload(small), outcome)
            ids.extend([json.loads(body)["id"]] if b'"id"' in body else [])

    async def look() -> None:
        for _ in range(20):
            await send(desk, Request("/api/files", method="GET"), outcome)

    async def remove() -> None:
        while ids:
            await send(desk, Request(f"/api/files/{ids.pop()}", method="DELETE"), outcome)

    await asyncio.gather(*(add(FILES // 8) for _ in range(8)))
    await asyncio.gather(
        *(look() for _ in range(3)), *(add(20) for _ in range(4)), *(remove() for _ in range(3))
    )


def search(query: str) -> Request:
    return Request("/api/conversations?query=" + quote(query), method="GET")


def impossible() -> list[Request]:
    """NUL and lone surrogates in every string that is stored."""
    odd = ["a\0b", "\ud800", "x" * 500]
    found = [chat("hi", "/api/chat", metadata={"replaces": text}) for text in odd]
    found += [chat(text, "/api/chat") for text in odd]
    found += [
        raw(json.dumps({"conversation_id": text, "note": text}).encode(), "/api/handoff")
        for text in odd
    ]
    return [*found, search("a\0b"), Request("/api/conversations/a%00b", method="DELETE")]
