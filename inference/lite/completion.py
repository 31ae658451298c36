"""A chat completion in OpenAI's format, as a stream of events or as one object."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from inference.lite import MODEL, tokens
from inference.lite.answering import Reply, answer
from inference.lite.conversation import Conversation
from inference.lite.structured import as_json, wanted_schema
from inference.lite.tools import as_function, calls

PIECES = 4  # tokens an event


@dataclass(slots=True)
class Completion:
    """`tool_calls` and `usage` are in OpenAI's form. `desk` is what the gateway is told besides:
    {"outcome": …, "citations": […]}; None if it did not ask for it."""

    id: str
    created: int
    text: str
    tool_calls: list[dict[str, Any]]
    finish_reason: str
    usage: dict[str, int]
    desk: dict[str, Any] | None = None

    def whole(self) -> bytes:
        """The `chat.completion` object as JSON."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text or None}
        if self.tool_calls:
            message["tool_calls"] = self.tool_calls
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": self.finish_reason,
            "logprobs": None,
        }
        head = {"id": self.id, "object": "chat.completion", "created": self.created, "model": MODEL}
        return orjson.dumps({**head, "choices": [choice], "usage": self.usage, **self._more()})

    def events(self, include_usage: bool) -> Iterator[bytes]:
        """The `chat.completion.chunk` events and `[DONE]`, as server-sent events."""
        yield self._event(
            [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]
        )
        pieces = tokens.split(self.text)
        for start in range(0, len(pieces), PIECES):
            text = "".join(pieces[start : start + PIECES])
            yield self._event([{"index": 0, "delta": {"content": text}, "finish_reason": None}])
        for number, call in enumerate(self.tool_calls):
            delta = {"tool_calls": [{"index": number, **call}]}
            yield self._event([{"index": 0, "delta": delta, "finish_reason": None}])
        last = {"index": 0, "delta": {}, "finish_reason": self.finish_reason}
        yield self._event([last], **self._more())
        if include_usage:
            yield self._event([], usage=self.usage)
        yield b"data: [DONE]\n\n"

    def _more(self) -> dict[str, Any]:
        return {} if self.desk is None else {"sightdesk": self.desk}

    def _event(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        head = {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": MODEL,
        }
        return b"data: " + orjson.dumps({**head, "choices": choices, **more}) + b"\n\n"


def complete(body: dict[str, Any], conversation: Conversation) -> Completion:
    """The completion. Raises LiteError for a malformed schema or a spent budget."""
    schema = wanted_schema(body, conversation.budget)
    called = calls(body, conversation)
    reply = answer(conversation) if not called else Reply("")
    made: list[dict[str, Any]] = [
        {"id": "call_" + secrets.token_hex(12), "type": "function", "function": call}
        for call in called or map(as_function, reply.calls)
    ]
    text, finish, desk = "", "tool_calls", None
    if not made:
        text, finish = reply.text, "stop"
        if conversation.desk is not None:
            desk = {"outcome": reply.outcome, "citations": reply.citations}
        if (body.get("response_format") or {}).get("type") in ("json_object", "json_schema"):
            text = as_json(schema, conversation, text)
        text, finish = _cut(text, body)
    spent = tokens.count(text) + sum(tokens.count(call["function"]["arguments"]) for call in made)
    asked = sum(
        tokens.count(turn.text) + tokens.PICTURE_TOKENS * len(turn.readings)
        for turn in conversation.turns
    )
    usage = {"prompt_tokens": asked, "completion_tokens": spent, "total_tokens": asked + spent}
    return Completion(
        "chatcmpl-" + secrets.token_hex(12), int(time.time()), text, made, finish, usage, desk
    )


def _cut(text: str, body: dict[str, Any]) -> tuple[str, str]:
    """(the text up to `stop` or `max_tokens`, its finish_reason)."""
    stops = body.get("stop") or []
    for stop in [stops] if isinstance(stops, str) else stops:
        text = text.partition(stop)[0] if stop else text
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    pieces = tokens.split(text)
    if limit and len(pieces) > limit:
        return "".join(pieces[:limit]), "length"
    return text, "stop"
