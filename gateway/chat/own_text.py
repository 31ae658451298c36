"""Chunks of a chat completion that the gateway writes itself, in the middle of an engine's."""

from typing import Any

from gateway.chat.events import Chunk, FinishReason, TextDelta
from gateway.chat.openai_stream import data_event

OBJECT = "chat.completion.chunk"


def _body(head: dict[str, Any], finish: str | None, **delta: str) -> dict[str, Any]:
    """`head`: the fields of `CompletionStarted`."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"object": OBJECT, **head, "choices": [choice]}


def first_text(head: dict[str, Any], text: str) -> Chunk:
    """The beginning of an answer, with its role."""
    body = _body(head, None, role="assistant", content=text)
    return Chunk(body, data_event(body), text)


def more_text(head: dict[str, Any], text: str) -> TextDelta:
    return TextDelta(text, (data_event(_body(head, None, content=text)),))


def stop(head: dict[str, Any]) -> FinishReason:
    body = _body(head, "stop")
    return FinishReason(body, data_event(body), "")
