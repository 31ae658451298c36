"""Large requests are parsed beside the event loop, a few at a time, in turns of their owners."""

import asyncio
import threading
import time
from typing import Any

import orjson
import pytest
from fastapi import Request

from gateway.api import chat_body
from gateway.api.chat_body import THREADS, BodyReader
from gateway.openai.body_parser import parse
from gateway.openai.chat_request import ChatRequest
from gateway.server.request_context import CONTEXT, Caller, RequestContext

QUESTION = {"model": "m", "messages": [{"role": "user", "content": "退货" * 15_000}]}


def request(owner: str, body: bytes = orjson.dumps(QUESTION)) -> Request:
    caller = Caller("key", owner, owner)
    headers = {"content-length": str(len(body))}
    connection: Any = None
    context = RequestContext("id", "127.0.0.1", False, "http", connection, headers, caller=caller)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    return Request({"type": "http", CONTEXT: context}, receive)


class Parses:
    """Stands in for the parser: slow, and notes who was parsed and how many at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at_once = 0
        self.most = 0
        self._lock = threading.Lock()
        monkeypatch.setattr(chat_body, "parse", self.parse)

    def parse(self, *given: Any) -> Any:
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.01)
        try:
            return parse(*given)
        finally:
            with self._lock:
                self.at_once -= 1


async def test_one_caller_has_one_large_request_parsed_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parses, reader = Parses(monkeypatch), BodyReader(lambda: 8192)
    read = await asyncio.gather(*(reader.read(request("a"), ChatRequest) for _ in range(8)))
    assert [one.question for one in read] == ["退货" * 15_000] * 8
    assert parses.most == 1


async def test_all_callers_together_have_a_few_parsed_and_take_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parses, reader, done = Parses(monkeypatch), BodyReader(lambda: 8192), list[str]()

    async def ask(owner: str) -> None:
        await reader.read(request(owner), ChatRequest)
        done.append(owner)

    async with asyncio.TaskGroup() as tasks:
        for owner in (*["busy"] * 12, "other", "victim"):
            tasks.create_task(ask(owner))
    assert parses.most == THREADS
    assert done.index("victim") < 6


async def test_a_short_request_waits_for_no_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    Parses(monkeypatch)
    reader, done = BodyReader(lambda: 8192), list[str]()

    async def ask(owner: str, *body: bytes) -> None:
        await reader.read(request(owner, *body), ChatRequest)
        done.append(owner)

    short = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "退货"}]})
    async with asyncio.TaskGroup() as tasks:
        for _ in range(12):
            tasks.create_task(ask("busy"))
        tasks.create_task(ask("short", short))
    assert done[0] == "short"
