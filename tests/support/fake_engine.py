"""A fake engine on Starlette: answers like vLLM; the last word of the question is its order.

`POST /script` takes a list of rounds `{text, calls: [{name, arguments}], last}`: each of the next
questions gets one of them as its answer, whatever it asks. `last`: text beside the reason. After
`POST /nonsense` every answer is bytes without sense.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gateway.upstream.sight import PICTURE

FLOOD = 20_000  # events of 2 KB: more than all socket buffers on the way can hold
PADDING = "-" * 2000
CACHE_TOKENS = os.environ.get("CACHE_TOKENS")  # it tells of its KV cache, which stays empty
BLIND = os.environ.get("BLIND") == "1"  # an engine that takes text only
STATE: dict[str, Any] = {
    "running": 0,
    "most": 0,  # streams at once
    "aborted": 0,
    "aborted_at": 0.0,
    "bodies": [],
    "flooded": 0,
    "nonsense": False,
    "looked": 0,  # times that its metrics were asked for
}
NONSENSE = b"data: \xff\x00<html>\n\n" + bytes(range(256)) * 20
SCRIPT: list[dict[str, Any]] = []


def chunk(content: str, **more: Any) -> bytes:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "fake-vl",
        "choices": delta(content=content),
    }
    return b"data: " + json.dumps({**body, **more}, ensure_ascii=False).encode() + b"\n\n"


def delta(finish: str | None = None, **delta: Any) -> list[dict[str, Any]]:
    return [{"index": 0, "delta": delta, "finish_reason": finish}]


async def chat(request: Request) -> Response:
    body = await request.json()
    if body.get("max_tokens") == 1 and PICTURE in json.dumps(body):  # the gateway's own probe
        return JSONResponse({}, 400 if BLIND else 200)
    STATE["bodies"] = [*STATE["bodies"][-9:], body]
    STATE["headers"] = dict(request.headers)
    if STATE["nonsense"]:
        return Response(NONSENSE, media_type="text/event-stream")
    if SCRIPT:
        return StreamingResponse(scripted(SCRIPT.pop(0)), media_type="text/event-stream")
    content = body["messages"][-1]["content"]
    # Behind a question the assistant puts its context.
    asked = content.split("\n\n")[0] if isinstance(content, str) else ""
    order = (asked.split() or [""])[-1]
    if order == "500":
        return JSONResponse({"error": {"message": "boom"}}, status_code=500)
    if order == "too-long":
        message = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."
        return JSONResponse({"error": {"message": message, "code": 400}}, status_code=400)
    usage = {"prompt_tokens": 11, "completion_tokens": 4, "total_tokens": 15}
    if not body.get("stream"):
        await watched(request, asyncio.sleep(30 if order == "slow" else 0))
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": "one two"},
            "finish_reason": "stop",
        }
        return JSONResponse(
            {
                "id": "c",
                "object": "chat.completion",
                "model": "fake-vl",
                "choices": [choice],
                "usage": usage,
            }
        )
    return StreamingResponse(stream(order, usage), media_type="text/event-stream")


async def stream(order: str, usage: dict[str, int]) -> AsyncIterator[bytes]:
    STATE["running"] += 1
    STATE["most"] = max(STATE["most"], STATE["running"])
    ended = False
    try:
        if order in ("silent", "slow"):
            await asyncio.sleep(30)
        yield chunk("你")
        if order == "die":
            ended = True
            raise RuntimeError("the engine dies here")
        if order == "stall":
            await asyncio.sleep(30)
        if order in ("endless", "slowly"):
            for number in range(3000 if order == "endless" else 300):
                yield chunk(f" {number}")
                await asyncio.sleep(0.01)
        if order == "flood":
            for number in range(FLOOD):
                yield chunk(f" {number} {PADDING}")
                STATE["flooded"] = number + 1
        if order == "split":
            event = chunk("好\u2028吗")
            for start in range(0, len(event), 7):
                yield event[start : start + 7]
                await asyncio.sleep(0.002)
        if order == "huge":
            yield chunk("x" * 10_000_000)
        if order == "garbage":
            yield b"data: {not json\n\n"
        if order == "cites":
            yield chunk("可以退货 [1]，")
            yield chunk("共 9999 元。")
        if order == "call":
            call = {"index": 0, "id": "call_1", "type": "function"}
            function = {"name": "find_parcel", "arguments": "{}"}
            yield chunk("", choices=delta(tool_calls=[{**call, "function": function}]))
            yield chunk("", choices=delta("tool_calls", content=" one moment"))
        else:
            yield chunk("!")
        yield b"data: " + json.dumps({"id": "c", "choices": [], "usage": usage}).encode() + b"\n\n"
        yield b"data: [DONE]\n\n"
        ended = True
    finally:
        STATE["running"] -= 1
        if not ended:
            STATE["aborted"] += 1
            STATE["aborted_at"] = time.time()


async def scripted(one: dict[str, Any]) -> AsyncIterator[bytes]:
    """A round as vLLM streams it: arguments in two pieces, the reason with nothing else."""
    calls = one.get("calls", [])
    yield chunk("", choices=delta(role="assistant", content=""))
    for word in one.get("text", "").split(" "):
        yield chunk(word)
    for number, call in enumerate(calls):
        head = {"index": number, "id": f"call_{number}", "type": "function"}
        named = {"name": call["name"], "arguments": ""}
        yield chunk("", choices=delta(tool_calls=[{**head, "function": named}]))
        half = len(call["arguments"]) // 2
        for piece in (call["arguments"][:half], call["arguments"][half:]):
            more = {"index": number, "function": {"arguments": piece}}
            yield chunk("", choices=delta(tool_calls=[more]))
    last = {"content": one["last"]} if "last" in one else {}
    yield chunk("", choices=delta("tool_calls" if calls else "stop", **last))
    usage = {"prompt_tokens": 11, "completion_tokens": 4, "total_tokens": 15}
    yield b"data: " + json.dumps({"id": "c", "choices": [], "usage": usage}).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


async def script(request: Request) -> Response:
    SCRIPT[:] = await request.json()
    return JSONResponse({})


async def nonsense(_: Request) -> Response:
    STATE["nonsense"] = True
    return JSONResponse({})


async def watched(request: Request, work: Any) -> None:
    """A whole answer, aborted when the caller leaves."""
    STATE["running"] += 1
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            if await request.is_disconnected():
                STATE["aborted"] += 1
                STATE["aborted_at"] = time.time()
                task.cancel()
                return
            await asyncio.wait((task,), timeout=0.02)
    finally:
        STATE["running"] -= 1


async def tokenize(request: Request) -> Response:
    """Answers the number that begins the last message; otherwise 404, as if without the route."""
    first, _, _ = (await request.json())["messages"][-1]["content"].partition(" ")
    return JSONResponse({"count": int(first)}) if first.isdecimal() else JSONResponse({}, 404)


async def models(_: Request) -> Response:
    return JSONResponse({"object": "list", "data": [{"id": "fake-vl", "max_model_len": 8192}]})


async def metrics(_: Request) -> Response:
    STATE["looked"] += 1
    if CACHE_TOKENS is None:
        return JSONResponse({}, 404)
    size = f'vllm:cache_config_info{{engine="0",kv_cache_size_tokens="{CACHE_TOKENS}"}} 1.0\n'
    return Response(size + 'vllm:kv_cache_usage_perc{engine="0"} 0.0\n', media_type="text/plain")


async def state(_: Request) -> Response:
    return JSONResponse(STATE)


async def healthz(_: Request) -> Response:
    return JSONResponse({})


routes = [
    Route("/v1/chat/completions", chat, methods=["POST"]),
    Route("/v1/models", models),
    Route("/tokenize", tokenize, methods=["POST"]),
    Route("/metrics", metrics),
    Route("/state", state),
    Route("/script", script, methods=["POST"]),
    Route("/nonsense", nonsense, methods=["POST"]),
    Route("/healthz", healthz),
]
app = Starlette(routes=routes)

if __name__ == "__main__":
    import os

    uvicorn.run(app, host=os.environ["HOST"], port=int(os.environ["PORT"]), log_level="critical")
    sys.exit(0)
