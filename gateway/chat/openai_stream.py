"""Writes an answer's events as OpenAI's stream: server-sent events. The page's stream is the same
with the assistant's extras: events with empty `choices` and the key `sightdesk`."""

import time
from collections.abc import Awaitable, Sequence
from typing import Any

import orjson

from gateway.chat.events import (
    ActionProposed,
    AnswerStarted,
    Chunk,
    Citations,
    Degraded,
    Event,
    Finished,
    Grounding,
    HandoffOffered,
    HandoffState,
    Outcome,
    Push,
    QueuePosition,
    Readings,
    Suggestions,
    TextDelta,
    ToolProgress,
    Unknown,
    Usage,
)
from gateway.chat.raw_relay import ByteSink
from gateway.errors import GatewayError

EXTRAS = "sightdesk"
DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


class StreamWriter:
    """`model` is the one that the request names. Extras and the usage go to those who asked."""

    __slots__ = ("_answer_id", "_model", "_wants_extras", "_wants_usage")

    def __init__(
        self, answer_id: str, model: str, *, wants_extras: bool, wants_usage: bool
    ) -> None:
        self._answer_id = answer_id
        self._model = model
        self._wants_extras = wants_extras
        self._wants_usage = wants_usage

    def encode(self, events: Sequence[Event]) -> list[bytes]:
        """The server-sent events, one by one. The end is not among them: whoever ends the stream
        writes DONE, or `error_event`."""
        encoded: list[bytes] = []
        for event in events:
            match event:
                case TextDelta():
                    encoded += event.raw
                case Chunk() | Unknown():
                    encoded.append(event.raw)
                case Usage():
                    if self._wants_usage:
                        encoded.append(event.raw)
                case _ if self._wants_extras and (extras := extras_of(event)) is not None:
                    encoded.append(self._extras_event(extras))
        return encoded

    def _extras_event(self, extras: dict[str, Any]) -> bytes:
        return data_event(
            {
                "id": self._answer_id,
                "object": "chat.completion.chunk",
                "created": int(time.time()),
                "model": self._model,
                "choices": [],
                EXTRAS: extras,
            }
        )


def stream_into(writer: StreamWriter, sink: ByteSink) -> Push:
    """Takes events and writes them into `sink`, the end included."""

    def push(events: Sequence[Event]) -> Awaitable[None] | None:
        data = b"".join(writer.encode(events))
        is_last = isinstance(events[-1], Finished)
        if is_last:
            data += DONE
        return sink.push(data, last=is_last) if data else None

    return push


def extras_of(event: Event) -> dict[str, Any] | None:
    """What an event adds under `sightdesk`; None: nothing."""
    match event:
        case AnswerStarted(answer_id, conversation) if conversation is not None:
            return {"conversation": conversation, "answer": {"id": answer_id}}
        case QueuePosition(position):
            return {"queue": {"position": position}}
        case Readings(readings):
            return {"reading": readings}
        case Citations(citations):
            return {"citations": citations}
        case Suggestions(suggestions):
            return {"suggestions": suggestions}
        case Grounding(supported, unsupported):
            return {"grounding": {"supported": supported, "unsupported": unsupported}}
        case ToolProgress():
            return {"tool": tool_json(event)}
        case ActionProposed(action):
            return {"confirm": {"action": action}}
        case Outcome(outcome):
            return {"outcome": outcome}
        case HandoffOffered(reason):
            return {"offer": {"reason": reason}}
        case HandoffState(handoff):
            return {"handoff": handoff}
        case Degraded():
            return {"degraded": True}
    return None


def tool_json(event: ToolProgress) -> dict[str, Any]:
    """A call of a tool as it is now."""
    return {
        "id": event.id,
        "name": event.name,
        "title": event.title,
        "arguments": event.arguments,
        "status": event.status,
        "result": event.result,
    }


def data_event(body: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"


def error_event(error: GatewayError, *, wants_extras: bool = False) -> bytes:
    """The end of a stream that failed. With extras it says beside the error, in whole seconds, when
    to come back: a stream has no header left for that."""
    extras = (
        {EXTRAS: {"retry_after": error.retry_seconds}}
        if wants_extras and error.retry_seconds is not None
        else {}
    )
    return data_event(error.body() | extras)
