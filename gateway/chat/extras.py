"""What the assistant adds to OpenAI's format: readings, citations and the rest, under the key `sightdesk`."""

import time
from typing import Any

import orjson

from gateway.errors import GatewayError

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


def error_event(error: GatewayError, *, wants_extras: bool = False) -> bytes:
    """The end of a stream that failed. With extras it tells beside the error, in whole seconds, when to come back: a stream has no
    headers left to say it in."""
    told = (
        {KEY: {"retry_after": error.retry_seconds}}
        if wants_extras and error.retry_seconds is not None
        else {}
    )
    return b"data: " + orjson.dumps(error.body() | told) + b"\n\n"
