"""What the assistant adds to OpenAI's format: readings, citations and the rest, under the key `sightdesk`."""

import time
from typing import Any

import orjson

KEY = "sightdesk"
DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


def event(answer_id: str, model: str, extras: dict[str, Any]) -> bytes:
    """One SSE event with no choices; sent only to those who asked, since `choices[0]` is what clients read."""
    body = {
        "id": answer_id,
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": model,
        "choices": [],
        KEY: extras,
    }
    return b"data: " + orjson.dumps(body) + b"\n\n"


def error_event(body: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"
