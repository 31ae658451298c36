"""An attack by one caller, and how it runs against a desk."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

BOUNDARY = "hostile-boundary"


@dataclass(frozen=True, slots=True)
class Desk:
    """What an attack uses: the gateway's URL, its knowledge folder, a session with a cookie."""

    url: str
    knowledge: Path
    session: aiohttp.ClientSession


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    body: bytes = b""
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """Counts of statuses; `left`: given up before an answer."""

    statuses: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            ", ".join(f"{count} × {status}" for status, count in sorted(self.statuses.items()))
            or "–"
        )


Run = Callable[[Desk, Outcome], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Attack:
    """`kind`: text, budget, schema, picture, share, file, record or connection."""

    kind: str
    name: str
    run: Run


def sends(
    kind: str, name: str, make: Callable[[], list[Request]], leave_after: float | None = None
) -> Attack:
    """Sends all requests of `make` at once; gives each up after `leave_after` seconds, if set."""

    async def run(desk: Desk, outcome: Outcome) -> None:
        requests = await asyncio.to_thread(make)
        await asyncio.gather(*(send(desk, request, outcome, leave_after) for request in requests))

    return Attack(kind, name, run)


async def send(
    desk: Desk, request: Request, outcome: Outcome, leave_after: float | None = None
) -> bytes:
    timeout = aiohttp.ClientTimeout(leave_after)
    try:
        async with desk.session.request(
            request.method,
            desk.url + request.path,
            data=request.body or None,
            headers=request.headers,
            timeout=timeout,
        ) as answer:
            body = await answer.read()
            outcome.statuses[str(answer.status)] += 1
            return body
    except TimeoutError:
        outcome.statuses["left"] += 1
    except aiohttp.ClientError:  # refused before the body was sent, and the connection closed
        outcome.statuses["closed"] += 1
    return b""


def chat(content: Any, path: str = "/v1/chat/completions", **more: Any) -> Request:
    """A question; `content`: content of a message, or the list of messages."""
    is_list = isinstance(content, list) and content and "role" in content[0]
    messages = content if is_list else [{"role": "user", "content": content}]
    body = {"model": "sightdesk", "messages": messages, "stream": False, **more}
    return raw(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"), path)


def raw(body: bytes, path: str = "/v1/chat/completions") -> Request:
    return Request(path, body, headers={"content-type": "application/json"})


def upload(data: bytes, filename: str = "a.png", path: str = "/api/files") -> Request:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'.encode()
    body = head + data + f"\r\n--{BOUNDARY}--\r\n".encode()
    return Request(
        path, body, headers={"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    )
