"""An answer that is asked of the engine as a stream, collected into one chat completion
(docs/decisions/013-whole-answers-are-collected.md)."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.chat.relay import StreamStats, has_token
from gateway.chat.sse import Unfinished, payload_of, split
from gateway.errors import UpstreamError
from gateway.upstream.client import Broken
from gateway.upstream.refusals import refusal_in

MAX_BYTES = 32 * 1024 * 1024  # of the events of one answer
BATCH_BYTES = 64 * 1024
DONE, ERROR = b"[DONE]", b'"error"'
LAST_EVENT = b"\n\ndata: [DONE]\n\n"


@dataclass(slots=True)
class Call:
    """One call of a tool. Its arguments come in pieces, everything else once."""

    given: dict[str, Any] = field(default_factory=dict)
    function: dict[str, Any] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)

    def add(self, delta: dict[str, Any]) -> None:
        for name, value in delta.items():
            if name == "function":
                self._add_function(value or {})
            elif name != "index" and value is not None:
                self.given.setdefault(name, value)

    def _add_function(self, delta: dict[str, Any]) -> None:
        for name, value in delta.items():
            if name == "arguments":
                self.arguments.append(value or "")
            elif value is not None:
                self.function.setdefault(name, value)

    def whole(self) -> dict[str, Any]:
        return {**self.given, "function": {**self.function, "arguments": "".join(self.arguments)}}


@dataclass(slots=True)
class Choice:
    texts: dict[str, list[str]] = field(
        default_factory=dict
    )  # content, reasoning_content, refusal: they come in pieces
    said: dict[str, Any] = field(default_factory=dict)  # the message's other parts
    calls: dict[int, Call] = field(default_factory=dict)
    logprobs: dict[str, Any] | None = None
    given: dict[str, Any] = field(default_factory=lambda: {"finish_reason": None})

    def add(self, choice: dict[str, Any]) -> None:
        for name, value in choice.items():
            if name == "delta":
                self._add_delta(value or {})
            elif name == "logprobs":
                self._add_logprobs(value or {})
            elif name != "index" and (value is not None or name not in self.given):
                self.given[name] = value

    def _add_delta(self, delta: dict[str, Any]) -> None:
        for name, value in delta.items():
            if name == "tool_calls":
                for call in value or ():
                    self.calls.setdefault(int(call.get("index", 0)), Call()).add(call)
            elif isinstance(value, str) and name != "role":
                self.texts.setdefault(name, []).append(value)
            elif value is not None:
                self.said[name] = value

    def _add_logprobs(self, logprobs: dict[str, Any]) -> None:
        for name, value in logprobs.items():
            self.logprobs = self.logprobs or {}
            if isinstance(value, list) and isinstance(self.logprobs.get(name), list):
                self.logprobs[name] += value
            elif value is not None or name not in self.logprobs:
                self.logprobs[name] = value

    def whole(self, index: int) -> dict[str, Any]:
        texts = {name: "".join(pieces) for name, pieces in self.texts.items()}
        content = texts.pop("content", "")
        message = {
            "role": "assistant",
            "content": content if content or not self.calls else None,
            **self.said,
        }
        message |= {name: text for name, text in texts.items() if text}
        if self.calls:
            message["tool_calls"] = [self.calls[number].whole() for number in sorted(self.calls)]
        return {"index": index, "message": message, "logprobs": self.logprobs, **self.given}


class Collected:
    """Takes a stream's bytes as they come (`Into` of the wire). `done` is called when [DONE] has come.

    Events are read many at a time, once the first token has come: one call of the JSON parser for all of them, and of those
    that only say more words no more than these is looked at.
    """

    __slots__ = (
        "_choices",
        "_done",
        "_head",
        "_meter",
        "_rest",
        "_size",
        "_unread",
        "_unread_bytes",
    )

    def __init__(self, stats: StreamStats, done: Callable[[], None]) -> None:
        self._meter = stats
        self._done = done
        self._rest = Unfinished()
        self._size = 0
        self._unread: list[bytes] = []
        self._unread_bytes = 0
        self._head: dict[str, Any] = {}
        self._choices: dict[int, Choice] = {}

    def __call__(self, chunk: bytes) -> None:
        if self._meter.done:  # what an engine says after the end is nobody's
            return
        self._size += len(chunk)
        if self._size > MAX_BYTES:
            raise Broken(
                "garbage",
                UpstreamError(f"The engine's answer has more than {MAX_BYTES} bytes of events."),
            )
        events = (
            chunk if not self._rest and chunk.endswith(b"\n\n") else self._rest.completed_by(chunk)
        )
        self._unread.append(events)
        self._unread_bytes += len(events)
        notable = events.find(DONE) >= 0 or events.find(ERROR) >= 0
        if notable or self._meter.first_token_at is None or self._unread_bytes > BATCH_BYTES:
            self._read()

    def _read(self) -> None:
        events, self._unread, self._unread_bytes = b"".join(self._unread), [], 0
        bodies = _at_once(events)
        if bodies is None:
            for event in split(events):
                self._take(payload_of(event))
            return
        for body in bodies:
            if not self._takes_words(body):
                self._take_body(body)
        if events.endswith(LAST_EVENT):
            self._end()

    def _end(self) -> None:
        self._meter.done = True
        self._done()

    def _take(self, payload: bytes) -> None:
        if self._meter.done:
            return
        if payload == DONE:
            self._end()
            return
        try:
            self._take_body(orjson.loads(payload))
        except orjson.JSONDecodeError:
            return  # a comment, or nothing we know

    def _takes_words(self, body: Any) -> bool:
        """Whether the event only says more words of a choice that has begun, which nearly all do."""
        try:
            (choice,) = body["choices"]
            (name, words), *more = choice["delta"].items()
            if (
                more
                or name != "content"
                or choice["finish_reason"]
                or choice.get("logprobs")
                or body.get("error")
            ):
                return False
            if body.get("usage"):
                return False
            self._choices[choice["index"]].texts["content"].append(words + "")
        except (KeyError, ValueError, TypeError, AttributeError):
            return False
        self._meter.events += 1
        return True

    def _take_body(self, body: Any) -> None:
        if not isinstance(body, dict):
            return
        if body.get("error"):
            raise refusal_in(body) or Broken(
                "error_event", UpstreamError("The engine failed in the middle of the answer.")
            )
        try:
            self._add(body)
        except (AttributeError, TypeError, ValueError):
            raise _garbage() from None

    def _add(self, body: dict[str, Any]) -> None:
        stats = self._meter
        if isinstance(body.get("usage"), dict):
            stats.usage = body["usage"]
        choices = body.get("choices")
        if not choices or not self._head:
            for name, value in body.items():
                if name not in ("choices", "usage", "object") and self._head.get(name) is None:
                    self._head[name] = value
        for choice in choices or ():
            index = int(choice.get("index", 0))
            if index not in self._choices:
                self._choices[index] = Choice()
            self._choices[index].add(choice)
        if choices and has_token(choices):
            stats.events += 1
            stats.first_token_at = stats.first_token_at or time.perf_counter()

    def whole(self) -> dict[str, Any]:
        """The answer as a chat completion. Raises Broken where the stream was no whole answer."""
        if self._unread:
            self._read()
        if not self._head:
            raise _garbage()
        self._meter.check_whole()
        if not self._choices:
            raise _garbage()
        choices = [self._choices[index].whole(index) for index in sorted(self._choices)]
        usage = {"usage": self._meter.usage} if self._meter.usage is not None else {}
        head = {"id": self._head.get("id"), "object": "chat.completion", **self._head}
        return {**head, "choices": choices, **usage}


def _at_once(events: bytes) -> list[Any] | None:
    """What whole events say, the end left out; None where they are not all of one line of JSON each."""
    if not events.startswith(b"data: ") or b"\r" in events:
        return None
    payloads = events[6:].removesuffix(b"\n\n").removesuffix(b"\n\ndata: [DONE]")
    try:
        bodies: list[Any] = orjson.loads(b"[%b]" % payloads.replace(b"\n\ndata: ", b","))
    except orjson.JSONDecodeError:
        return None
    return bodies


def _garbage() -> Broken:
    return Broken("garbage", UpstreamError("The engine's answer is no chat completion."))
