"""The raw model's stream to a client of `/v1`: byte for byte, past the events, since nobody else
reads it. Only the usage is read in passing (docs/decisions/005-own-wire-to-the-engine.md)."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import orjson

from gateway.chat.sse import Unfinished, end_of_first, end_of_last, payload_of
from gateway.chat.stream_stats import StreamStats, error_in, has_token, raise_after
from gateway.server.client_connection import ClientConnection

USAGE, DONE, ERROR = b'"usage"', b"[DONE]", b'"error"'


class ByteSink(Protocol):
    """Takes whole server-sent events."""

    @property
    def connection(self) -> ClientConnection | None:
        """Where chunks of HTTP/1.1 may be written as they came; None where there is no such way."""
        ...

    def push(self, events: bytes, *, last: bool = False) -> Awaitable[None] | None:
        """Takes them at once. Returns an awaitable only where the client is slow. Nothing comes
        after the `last`."""
        ...


class RawRelay:
    """Takes the engine's bytes as they come and passes every whole event on, in the same call.

    It looks only into events before the first token, and into those that may hold the usage, an
    error or the end. The others pass in the engine's own HTTP chunks where they can. `on_done` is
    called when [DONE] has come, before the client gets it; what comes after it is dropped.
    """

    __slots__ = (
        "_connection",
        "_is_plain",
        "_on_done",
        "_over",
        "_push",
        "_rest",
        "_stats",
        "_wants_usage",
    )

    def __init__(
        self, sink: ByteSink, stats: StreamStats, on_done: Callable[[], None], *, wants_usage: bool
    ) -> None:
        self._push = sink.push
        self._connection = sink.connection
        self._stats = stats
        self._on_done = on_done
        self._wants_usage = wants_usage
        self._over = False
        self._rest = Unfinished()
        # Whether the next event, if nothing notable is in it, may pass in the engine's own chunk.
        self._is_plain = False

    def __call__(self, chunk: bytes) -> Awaitable[None] | None:
        events = (
            chunk if not self._rest and chunk.endswith(b"\n\n") else self._rest.completed_by(chunk)
        )
        self._is_plain = False
        if not events or self._over:
            return None
        stats = self._stats
        if stats.first_token_at is None or _is_notable(events):
            events = _looked_at(events, stats, self._wants_usage)
        else:
            stats.events += _count(events, 0, len(events))
        self._is_plain = not (self._rest or stats.done) and stats.first_token_at is not None
        if stats.done:
            self._over = True
            self._on_done()
        held = self._push(events, last=stats.done) if events else None
        return held if stats.error is None else raise_after(held, stats.error)

    def forward(self, chunks: bytes, count: int, now: float) -> bool:
        """Whether `count` whole HTTP chunks, frames included, of whole events needed no look and
        were written as they are. `now` is the loop's time."""
        client = self._connection
        if not self._is_plain or client is None or (write := client.write_chunks) is None:
            return False
        if not chunks.endswith(b"\n\n\r\n") or (count > 1 and chunks.count(b"\n\n\r\n") < count):
            return False
        find = chunks.find  # as _is_notable, without the call
        if find(USAGE) >= 0 or find(DONE) >= 0 or find(ERROR) >= 0:
            return False
        write(chunks)
        client.wrote_at = now
        self._stats.events += chunks.count(b"\n\n")
        return True


def _is_notable(events: bytes) -> bool:
    """Whether the usage, an error or the end may be among them. By `find`: `in` first tries each
    word as a byte's number, and fails."""
    find = events.find
    return find(USAGE) >= 0 or find(DONE) >= 0 or find(ERROR) >= 0


def _looked_at(events: bytes, stats: StreamStats, wants_usage: bool) -> bytes:
    """Notes usage, first token, end and errors. Takes out the usage event where the client did not
    ask for it, and what comes after the end. What needs no look passes in one piece: a busy
    engine's whole answer may come in one read."""
    passed = []
    start = 0
    while start < len(events) and not (stats.error or stats.done):
        if stats.first_token_at is not None and (plain := _plain_until(events, start)) > start:
            stats.events += _count(events, start, plain)
            passed.append(events[start:plain])
            start = plain
            continue
        end = end_of_first(events, start)
        event, start = events[start:end], end
        if _note(event, stats) or (wants_usage and stats.error is None):
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
    if payload == DONE:
        stats.done = True
        return True
    try:
        body = orjson.loads(payload)
    except ValueError:
        return True  # a comment, or nothing we know: passed on as it came
    if not isinstance(body, dict):
        return True
    if body.get("error"):
        stats.error = error_in(body)
        return False  # the client gets it in the contract's words
    if isinstance(body.get("usage"), dict):
        stats.usage = body["usage"]
    choices = body.get("choices")
    if not choices:
        return not isinstance(body.get("usage"), dict)
    if has_token(choices):  # vLLM's first event names the role only
        stats.count(1)
    return True
