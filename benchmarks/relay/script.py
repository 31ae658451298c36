"""The fake engine's answers, known in advance so that the client can compare every byte."""

from functools import lru_cache

import orjson

MODEL = "bench"
# An answer: role event, TOKENS content events, finish event; then usage and [DONE].
TOKENS = 64
FIRST_TOKEN = b'"content":" t0000"'


def payload(choices: list[object], **more: object) -> bytes:
    body = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": MODEL,
    }
    return b"data: " + orjson.dumps({**body, "choices": choices, **more}) + b"\n\n"


def choice(delta: dict[str, str], finish: str | None = None) -> list[object]:
    return [
        {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish, "token_ids": None}
    ]


def usage(tokens: int) -> dict[str, int]:
    return {"prompt_tokens": 12, "total_tokens": 12 + tokens, "completion_tokens": tokens}


def token(number: int) -> str:
    return f" t{number:04d}"


def text(tokens: int) -> str:
    return "".join(map(token, range(tokens)))


@lru_cache
def steps(tokens: int) -> tuple[bytes, ...]:
    """Events grouped by sending time: role and first token; one token each; the end."""
    words = [payload(choice({"content": token(number)})) for number in range(tokens)]
    begin = payload(choice({"role": "assistant", "content": ""})) + words[0]
    end = (
        payload(choice({"content": ""}, "stop"))
        + payload([], usage=usage(tokens))
        + b"data: [DONE]\n\n"
    )
    return (begin, *words[1:], end)


@lru_cache
def stream(tokens: int) -> bytes:
    return b"".join(steps(tokens))


def events(tokens: int) -> int:
    """Events counted for an answer: role, tokens, finish, without usage and [DONE]."""
    return tokens + 2


@lru_cache
def whole(tokens: int) -> bytes:
    message = {"role": "assistant", "content": text(tokens), "tool_calls": []}
    return orjson.dumps(
        {
            "id": "chatcmpl-bench",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": MODEL,
            "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
            ],
            "usage": usage(tokens),
        }
    )
