"""What the fake engine says, word for word: known beforehand, so that the client can hold every byte against it."""

from functools import lru_cache

import orjson

MODEL = "bench"
# An answer has a role event, TOKENS content events and a finish event; usage and [DONE] come with the finish.
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
    """Events by the moment at which they are sent: role and first token at once, one a token, the end in one go."""
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
    """Events that an answer counts for: role, tokens, finish. Usage and [DONE] ride along."""
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
