"""The chunks of a chat completion, in the form in which engines write them."""

from typing import Any

import orjson

from gateway.chat.events import Chunk, EngineReport, FinishReason, ToolCallDelta, Unknown, Usage

END = b"\n\n"  # of a server-sent event
LAST_EVENT = b"data: [DONE]" + END
REPORT = "sightdesk"  # the key under which `lite` says what it did
MAX_IDS = 100


def bodies_of(data: bytes) -> list[Any] | None:
    """The JSON of whole events, without [DONE] at the end.

    None unless each event is one `data:` line of JSON.
    """
    if not data.startswith(b"data: ") or b"\r" in data:
        return None
    data = data.removesuffix(LAST_EVENT)
    payloads = data[6:].removesuffix(END).replace(b"\n\ndata: ", b",")
    try:
        bodies: list[Any] = orjson.loads(b"[%b]" % payloads)
    except orjson.JSONDecodeError:
        return None
    return bodies


def only_text(body: Any) -> str | None:
    """The text of a chunk that says nothing else, which nearly all do."""
    try:
        (choice,) = body["choices"]
        delta = choice["delta"]
        text = delta["content"]
        says_more = (
            len(delta) > 1
            or choice["finish_reason"]
            or choice["index"]
            or choice.get("logprobs")
            or body.get("error")
            or body.get("usage")
            or REPORT in body
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    return text if isinstance(text, str) and not says_more else None


def chunk_event(body: dict[str, Any], raw: bytes) -> Chunk | Usage | Unknown:
    """Raises TypeError, ValueError or AttributeError where the body has not a chunk's shape."""
    choices = body.get("choices")
    if not choices:
        return Usage(body, raw) if isinstance(body.get("usage"), dict) else Unknown(raw)
    kind: type[Chunk] = Chunk
    for choice in choices:
        int(choice.get("index", 0))
        delta = choice.get("delta") or {}
        delta.items()
        (choice.get("logprobs") or {}).items()
        for call in delta.get("tool_calls") or ():
            _check_call(call)
            kind = ToolCallDelta
        if choice.get("finish_reason") and kind is Chunk:
            kind = FinishReason
    text = (choices[0].get("delta") or {}).get("content")
    return kind(body, raw, text if isinstance(text, str) else "")


def _check_call(call: dict[str, Any]) -> None:
    int(call.get("index", 0))
    function = call.get("function") or {}
    if not isinstance(function.get("arguments") or "", str):
        raise TypeError("a tool call's arguments are no text")


def take_report(body: dict[str, Any]) -> EngineReport | None:
    """Takes what `lite` reports out of a chunk. None where it is no report."""
    told = body.pop(REPORT)
    if not isinstance(told, dict) or not isinstance(told.get("outcome"), str):
        return None
    ids = told.get("citations")
    return EngineReport(
        told["outcome"], [str(one) for one in ids[:MAX_IDS]] if isinstance(ids, list) else []
    )
