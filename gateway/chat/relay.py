"""From the engine's bytes to the client's, event by event and byte for byte; the usage is read in passing."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.chat.sse import Unfinished, end_of_first, end_of_last, payload_of
from gateway.chat.sse_response import Sink
from gateway.errors import GatewayError, UpstreamError
from gateway.upstream.client import Broken
from gateway.upstream.refusals import refusal_in

USAGE, DONE, ERROR = b'"usage"', b"[DONE]", b'"error"'


@dataclass(slots=True)
class StreamStats:
    """What passed: the engine's own usage, or, where the answer was cut short, the events that were relayed."""

    started: float
    events: int = 0
    usage: dict[str, Any] | None = None
    first_token_at: float | None = None
    done: bool = False
    failed: bool = False
    refusal: GatewayError | None = None  # where it failed because of the request

    @property
    def prompt_tokens(self) -> int:
        return int((self.usage or {}).get("prompt_tokens") or 0)

    @property
    def completion_tokens(self) -> int:
        return int((self.usage or {}).get("completion_tokens") or 0) if self.usage else self.events

    def seconds_to_first_token(self) -> float | None:
        return self.first_token_at - self.started if self.first_token_at is not None else None

    def check_whole(self) -> None:
        """Raises Broken where the stream ended before its [DONE]."""
        if not self.done:
            raise Broken("died", UpstreamError("The engine stopped in the middle of the answer."))


class Relay:
    """Takes the engine's bytes as they come and passes every whole event on, in the same call (`Into` of the wire).

    Only events before the first token and those that may hold the usage, an error or the end are looked into. The others pass in the
    engine's own chunks where they can (docs/decisions/005-own-wire-to-the-engine.md). `done` is called when [DONE] has come, before
    the client gets it; what an engine says after it is nobody's.
    """

    __slots__ = (
        "_connection",
        "_done",
        "_meter",
        "_over",
        "_passes",
        "_push",
        "_rest",
        "_wants_usage",
    )

    def __init__(
        self, sink: Sink, stats: StreamStats, done: Callable[[], None], *, wants_usage: bool
    ) -> None:
        self._push = sink.push
        self._connection = sink.connection
        self._meter = stats
        self._done = done
        self._wants_usage = wants_usage
        self._over = False
        self._rest = Unfinished()
        self._passes = (
            False  # whether an event that needs no look may pass in the engine's own chunk
        )

    def __call__(self, chunk: bytes) -> Awaitable[None] | None:
        events = (
            chunk if not self._rest and chunk.endswith(b"\n\n") else self._rest.completed_by(chunk)
        )
        self._passes = False
        if not events or self._over:
            return None
        stats = self._meter
        if stats.first_token_at is None or _notable(events):
            events = _looked_at(events, stats, self._wants_usage)
        else:
            stats.events += _count(events, 0, len(events))
        self._passes = not (self._rest or stats.done) and stats.first_token_at is not None
        if stats.done:
            self._over = True
            self._done()
        held = self._push(events, last=stats.done) if events else None
        return _failing(held, stats.refusal) if stats.failed else held

    def forward(self, chunks: bytes, count: int, now: float) -> bool:
        """Whether `count` whole chunks, frames included, of whole events needed no look and were taken as they are (`ChunkInto`)."""
        client = self._connection
        if not self._passes or client is None or (write := client.write_chunks) is None:
            return False
        if not chunks.endswith(b"\n\n\r\n") or (count > 1 and chunks.count(b"\n\n\r\n") < count):
            return False
        find = chunks.find  # as _notable, without the call
        if find(USAGE) >= 0 or find(DONE) >= 0 or find(ERROR) >= 0:
            return False
        write(chunks)
        client.wrote_at = now
        self._meter.events += chunks.count(b"\n\n")
        return True


async def _failing(held: Awaitable[None] | None, refusal: GatewayError | None) -> None:
    """What came before the engine's error still reaches the client, and then its own words in place of the engine's."""
    if held is not None:
        await held
    raise refusal or Broken(
        "error_event", UpstreamError("The engine failed in the middle of the answer.")
    )


def _notable(events: bytes) -> bool:
    """Whether the usage, an error or the end may be among them. By `find`: `in` first tries each word as a byte's number, and fails."""
    find = events.find
    return find(USAGE) >= 0 or find(DONE) >= 0 or find(ERROR) >= 0


def _looked_at(events: bytes, stats: StreamStats, wants_usage: bool) -> bytes:
    """Notes usage, first token, end and errors; takes the usage event out where the client did not ask for it, and what comes after the
    end. What needs no look passes in one piece: a busy engine's whole answer may come in one read."""
    passed = []
    start = 0
    while start < len(events) and not (stats.failed or stats.done):
        if stats.first_token_at is not None and (plain := _plain_until(events, start)) > start:
            stats.events += _count(events, start, plain)
            passed.append(events[start:plain])
            start = plain
            continue
        end = end_of_first(events, start)
        event, start = events[start:end], end
        if _note(event, stats) or (wants_usage and not stats.failed):
            passed.append(event)
    return b"".join(passed)


def _plain_until(events: bytes, start: int) -> int:
    """Where the event begins that has to be looked at."""
    first = len(events)
    for word in (USAGE, DONE, ERROR):
        at = events.find(word, start, first)
        first = at if at >= 0 else first
    return max(start, end_of_last(events, start, first)) if first < len(events) else first


def _count(events: bytes, start: int, end: int) -> int:
    return events.count(b"\n\n", start, end) or events.count(b"\n\r\n", start, end)


def _note(event: bytes, stats: StreamStats) -> bool:
    """Whether the event is for the client in any case; false for a usage event."""
    payload = payload_of(event)
    if payload == b"[DONE]":
        stats.done = True
        return True
    try:
        body = orjson.loads(payload)
    except ValueError:
        return True  # a comment, or nothing we know: passed on as it came
    if not isinstance(body, dict):
        return True
    if body.get("error"):
        stats.failed = True
        stats.refusal = refusal_in(body)
        return False  # the client hears of it in the contract's words
    if isinstance(body.get("usage"), dict):
        stats.usage = body["usage"]
    choices = body.get("choices")
    if not choices:
        return not isinstance(body.get("usage"), dict)
    if has_token(choices):  # vLLM's first event names the role only
        stats.events += 1
        stats.first_token_at = stats.first_token_at or time.perf_counter()
    return True


def has_token(choices: Any) -> bool:
    try:
        told = choices[0]["delta"].get
        return bool(
            told("content") or told("tool_calls") or told("reasoning_content") or told("reasoning")
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        return False
