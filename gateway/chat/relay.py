"""From the engine's bytes to the client's, event by event and byte for byte; the usage is read in passing."""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.chat.reply import Sink
from gateway.engines.client import Broken
from gateway.errors import UpstreamError

END_OF_EVENT = re.compile(rb"\r?\n\r?\n")
# Events that need a look inside; all others pass unread.
NOTABLE = re.compile(rb'"usage":\s*\{|\[DONE\]|"error":')
Read = Callable[[], Awaitable[bytes]]  # what has come since the last call; empty at the end
MAX_EVENT_BYTES = 32 * 1024 * 1024


@dataclass(slots=True)
class Meter:
    """What passed: the engine's own usage, or, where the answer was cut short, the events that were relayed."""

    started: float
    events: int = 0
    usage: dict[str, Any] | None = None
    first_token_at: float | None = None
    done: bool = False
    failed: bool = False

    @property
    def prompt_tokens(self) -> int:
        return int((self.usage or {}).get("prompt_tokens") or 0)

    @property
    def completion_tokens(self) -> int:
        return int((self.usage or {}).get("completion_tokens") or 0) if self.usage else self.events

    def seconds_to_first_token(self) -> float | None:
        return self.first_token_at - self.started if self.first_token_at is not None else None


class Splitter:
    """Cuts a byte stream after its last whole event; the rest waits for more."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """The events that are complete with this chunk, their ends included; maybe none."""
        data = self._rest + chunk if self._rest else chunk
        if data.endswith(b"\n\n"):
            self._rest = b""
            return data
        end = max(data.rfind(b"\n\n") + 2, data.rfind(b"\n\r\n") + 3)
        if end < 3:
            end = 0
        self._rest = data[end:]
        if len(self._rest) > MAX_EVENT_BYTES:
            raise Broken("garbage", UpstreamError("The engine sent an event without an end."))
        return data[:end]


async def relay(read: Read, sink: Sink, meter: Meter, *, wants_usage: bool) -> None:
    """Passes every event on as it comes. Raises Broken when the stream ends before its [DONE]."""
    splitter = Splitter()
    while chunk := await _next(read, meter):
        events = splitter.feed(chunk)
        if not events:
            continue
        if meter.first_token_at is None or NOTABLE.search(events):
            events = _looked_at(events, meter, wants_usage)
        else:
            # Content may hold "data:" itself, and never a line break.
            meter.events += events.count(b"\ndata:") + events.startswith(b"data:")
        if events:
            await sink.send(events)
        if meter.failed:
            raise Broken("error_event", UpstreamError("The engine failed in the middle of the answer."))
    if not meter.done:
        raise Broken("died", UpstreamError("The engine stopped in the middle of the answer."))


async def _next(read: Read, meter: Meter) -> bytes:
    """After [DONE] the answer is whole, however the engine then closes."""
    try:
        return await read()
    except Broken:
        if meter.done:
            return b""
        raise


def _looked_at(events: bytes, meter: Meter, wants_usage: bool) -> bytes:
    """Notes usage, first token, end and errors; takes the usage event out where the client did not ask for it."""
    passed = []
    start = 0
    for end in END_OF_EVENT.finditer(events):
        event, start = events[start : end.end()], end.end()
        if _note(event, meter) or (wants_usage and not meter.failed):
            passed.append(event)
        if meter.failed:
            break
    return b"".join(passed)


def _note(event: bytes, meter: Meter) -> bool:
    """Whether the event is for the client in any case; false for a usage event."""
    payload = b"\n".join(line[5:].strip() for line in event.splitlines() if line.startswith(b"data:"))
    if payload == b"[DONE]":
        meter.done = True
        return True
    try:
        body = orjson.loads(payload)
    except ValueError:
        return True  # a comment, or nothing we know: passed on as it came
    if not isinstance(body, dict):
        return True
    if body.get("error"):
        meter.failed = True
        return False  # the client hears of it in the contract's words
    if isinstance(body.get("usage"), dict):
        meter.usage = body["usage"]
    choices = body.get("choices")
    if not choices:
        return not isinstance(body.get("usage"), dict)
    if _has_token(choices):
        meter.events += 1
        meter.first_token_at = meter.first_token_at or time.perf_counter()
    return True


def _has_token(choices: Any) -> bool:
    try:
        delta = choices[0]["delta"]
        return any(delta.get(key) for key in ("content", "tool_calls", "reasoning_content", "reasoning"))
    except (KeyError, IndexError, TypeError, AttributeError):
        return False
