"""From an engine's bytes to events: the one place where an engine's stream is parsed."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from gateway.chat.engine_chunks import (
    END,
    LAST_EVENT,
    REPORT,
    bodies_of,
    chunk_event,
    only_text,
    take_report,
)
from gateway.chat.events import (
    Chunk,
    CompletionStarted,
    Event,
    Finished,
    Push,
    TextDelta,
    Unknown,
)
from gateway.chat.sse import Unfinished, payload_of, split
from gateway.chat.stream_stats import StreamStats, error_in, has_token, raise_after
from gateway.errors import UpstreamError
from gateway.upstream.client import Broken

MAX_BYTES = 32 * 1024 * 1024  # of a whole answer's stream
BATCH_BYTES = 64 * 1024
DONE, ERROR = b"[DONE]", b'"error"'
NOT_HEAD = frozenset(("choices", "usage", "object"))


class EventParser:
    """Takes an engine's bytes however they are cut, and gives the events that are complete.

    `whole`: for an answer that is sent in one piece. Bytes are then parsed in batches of 64 KiB
    (one call of the JSON parser for hundreds of events), events have no `raw`, and what is no chat
    completion raises Broken where a stream would pass it on.
    """

    __slots__ = ("_batch", "_batch_bytes", "_bytes", "_rest", "_started", "_whole", "stats")

    def __init__(self, stats: StreamStats, *, whole: bool = False) -> None:
        self.stats = stats
        self._whole = whole
        self._started = False
        self._rest = Unfinished()
        self._bytes = 0
        self._batch: list[bytes] = []
        self._batch_bytes = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """Raises Broken: too much of it, or an event without an end."""
        if self.stats.done:  # what comes after [DONE] belongs to no answer
            return []
        whole_events = not self._rest and chunk.endswith(END)
        data = chunk if whole_events else self._rest.completed_by(chunk)
        if self._whole:
            data = self._batched(data, len(chunk))
        return self._parse(data) if data else []

    def end(self) -> list[Event]:
        """The events of the last batch. Raises Broken where the stream was no whole answer."""
        data, self._batch = b"".join(self._batch), []
        events = self._parse(data) if data else []
        if self.stats.error is not None:
            raise self.stats.error
        if not self._started:
            raise _garbage()
        self.stats.check_whole()
        return events

    def _batched(self, data: bytes, size: int) -> bytes:
        """A batch that is to be parsed now; empty where it may wait for more."""
        self._bytes += size
        if self._bytes > MAX_BYTES:
            raise Broken(
                "garbage",
                UpstreamError(f"The engine's answer has more than {MAX_BYTES} bytes of events."),
            )
        self._batch.append(data)
        self._batch_bytes += len(data)
        is_due = self.stats.first_token_at is None or self._batch_bytes > BATCH_BYTES
        if not is_due and data.find(DONE) < 0 and data.find(ERROR) < 0:
            return b""
        batch, self._batch, self._batch_bytes = b"".join(self._batch), [], 0
        return batch

    def _parse(self, data: bytes) -> list[Event]:
        """`data` is whole events."""
        bodies = bodies_of(data)
        is_last = data.endswith(LAST_EVENT)
        raws = [] if self._whole else data.split(END)  # what is behind the last END is empty
        if bodies is None or (raws and len(raws) != len(bodies) + is_last + 1):
            return self._parse_one_by_one(data)
        if len(bodies) == 1 and self._started and not is_last:
            return self._parse_one(bodies[0], data)
        events: list[Event] = []
        texts: list[str] = []
        raws = [raw + END for raw in raws]
        first = 0  # of the chunks that only add text
        for number, body in enumerate(bodies):
            text = only_text(body) if self._started else None
            if text is not None:
                texts.append(text)
                continue
            if texts:
                self._add_text(events, "".join(texts), tuple(raws[first:number]), len(texts))
                texts.clear()
            first = number + 1
            self._add_body(events, body, raws[number] if raws else b"")
            if self.stats.error is not None:
                return events
        if texts:
            self._add_text(events, "".join(texts), tuple(raws[first : len(bodies)]), len(texts))
        if is_last:
            self._finish(events)
        return events

    def _parse_one(self, body: Any, raw: bytes) -> list[Event]:
        """The same for one event, as an engine sends them at its own pace."""
        events: list[Event] = []
        text = only_text(body)
        if text is None:
            self._add_body(events, body, raw)
        else:
            self._add_text(events, text, (raw,), 1)
        return events

    def _parse_one_by_one(self, data: bytes) -> list[Event]:
        """For data with comments, other line ends, several lines to an event, or no JSON in it."""
        events: list[Event] = []
        for raw in split(data):
            payload = payload_of(raw)
            if payload == DONE:
                self._finish(events)
                break
            try:
                body = orjson.loads(payload)
            except orjson.JSONDecodeError:
                if raw.strip():
                    events.append(Unknown(raw))
                continue
            if self._started:
                events += self._parse_one(body, raw)
            else:
                self._add_body(events, body, raw)
            if self.stats.error is not None:
                break
        return events

    def _add_text(
        self, events: list[Event], text: str, raw: tuple[bytes, ...], chunks: int
    ) -> None:
        if text or self.stats.first_token_at is not None:
            self.stats.count(chunks)
        events.append(TextDelta(text, raw))

    def _finish(self, events: list[Event]) -> None:
        self.stats.done = True
        events.append(Finished())

    def _add_body(self, events: list[Event], body: Any, raw: bytes) -> None:
        if not isinstance(body, dict):
            events.append(Unknown(raw))
            return
        if body.get("error"):
            self.stats.error = error_in(body)
            return
        usage = body.get("usage")
        if isinstance(usage, dict):
            self.stats.usage = usage
        if REPORT in body:
            report = take_report(body)
            raw = b"data: " + orjson.dumps(body) + END if raw else raw
            if report is not None:
                events.append(report)
        try:
            event = chunk_event(body, raw)
        except (AttributeError, TypeError, ValueError):
            if self._whole:
                raise _garbage() from None
            events.append(Unknown(raw))
            return
        if isinstance(event, Chunk):
            if not self._started:
                self._started = True
                head = {name: value for name, value in body.items() if name not in NOT_HEAD}
                events.append(CompletionStarted(head))
            if has_token(body["choices"]):
                self.stats.count(1)
        events.append(event)


def _garbage() -> Broken:
    return Broken("garbage", UpstreamError("The engine's answer is no chat completion."))


class EventReceiver:
    """Hands the events in an engine's bytes on in the very call in which the bytes came.

    `on_done` is called when [DONE] has come, before anybody else hears of it.
    """

    __slots__ = ("_on_done", "_parser", "_push")

    def __init__(self, parser: EventParser, push: Push, on_done: Callable[[], None]) -> None:
        self._parser = parser
        self._push = push
        self._on_done = on_done

    def __call__(self, chunk: bytes) -> Awaitable[None] | None:
        events = self._parser.feed(chunk)
        stats = self._parser.stats
        if events and stats.done:
            self._on_done()
        held = self._push(events) if events else None
        return held if stats.error is None else raise_after(held, stats.error)
