"""Writes an answer's events as one chat completion: OpenAI's answer to a request without `stream`
(docs/decisions/013-whole-answers-are-collected.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.chat.events import (
    ActionProposed,
    AnswerStarted,
    Chunk,
    CompletionStarted,
    Event,
    QueuePosition,
    TextDelta,
    ToolProgress,
    Usage,
)
from gateway.chat.openai_stream import EXTRAS, extras_of, tool_json


@dataclass(slots=True)
class ToolCall:
    """One call of a tool. Its arguments come in pieces, everything else once."""

    fields: dict[str, Any] = field(default_factory=dict)
    function: dict[str, Any] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)

    def add(self, delta: dict[str, Any]) -> None:
        for name, value in delta.items():
            if name == "function":
                self._add_function(value or {})
            elif name != "index" and value is not None:
                self.fields.setdefault(name, value)

    def _add_function(self, delta: dict[str, Any]) -> None:
        for name, value in delta.items():
            if name == "arguments":
                self.arguments.append(value or "")
            elif value is not None:
                self.function.setdefault(name, value)

    def as_openai(self) -> dict[str, Any]:
        return {**self.fields, "function": {**self.function, "arguments": "".join(self.arguments)}}


@dataclass(slots=True)
class Choice:
    # By name: content, reasoning_content, refusal, which come in pieces.
    texts: dict[str, list[str]] = field(default_factory=dict)
    message: dict[str, Any] = field(default_factory=dict)  # the message's other fields
    calls: dict[int, ToolCall] = field(default_factory=dict)
    logprobs: dict[str, Any] | None = None
    fields: dict[str, Any] = field(default_factory=lambda: {"finish_reason": None})

    def add(self, choice: dict[str, Any]) -> None:
        """Merges one chunk's choice."""
        for name, value in choice.items():
            if name == "delta":
                self._add_delta(value or {})
            elif name == "logprobs":
                self._add_logprobs(value or {})
            elif name != "index" and (value is not None or name not in self.fields):
                self.fields[name] = value

    def _add_delta(self, delta: dict[str, Any]) -> None:
        for name, value in delta.items():
            if name == "tool_calls":
                for call in value or ():
                    self.calls.setdefault(int(call.get("index", 0)), ToolCall()).add(call)
            elif isinstance(value, str) and name != "role":
                self.texts.setdefault(name, []).append(value)
            elif value is not None:
                self.message[name] = value

    def _add_logprobs(self, logprobs: dict[str, Any]) -> None:
        for name, value in logprobs.items():
            self.logprobs = self.logprobs or {}
            if isinstance(value, list):
                self.logprobs[name] = self.logprobs.get(name) or []
                self.logprobs[name] += value
            elif value is not None or name not in self.logprobs:
                self.logprobs[name] = value

    def as_openai(self, index: int) -> dict[str, Any]:
        texts = {name: "".join(pieces) for name, pieces in self.texts.items()}
        content = texts.pop("content", "")
        message = {
            "role": "assistant",
            "content": content if content or not self.calls else None,
            **self.message,
        }
        message |= {name: text for name, text in texts.items() if text}
        if self.calls:
            message["tool_calls"] = [
                self.calls[number].as_openai() for number in sorted(self.calls)
            ]
        return {"index": index, "message": message, "logprobs": self.logprobs, **self.fields}


class CompletionWriter:
    """Collects events. `body()` is the chat completion, as JSON.

    `has_extras`: with the assistant's additions under `sightdesk`. Of `tool` and `confirm` it has
    the last ones, as a stream's reader has at its end, and all of them as `tools` and `actions`.
    """

    def __init__(self, *, has_extras: bool = False) -> None:
        self._has_extras = has_extras
        self._extras: dict[str, Any] = {}
        self._tools: dict[str, dict[str, Any]] = {}  # by call
        self._actions: dict[str, dict[str, Any]] = {}  # by id
        self._head: dict[str, Any] = {}
        self._choices: dict[int, Choice] = {}
        self._usage: dict[str, Any] | None = None

    def push(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case TextDelta():
                    self._choice(0).texts.setdefault("content", []).append(event.text)
                case Chunk():
                    self._add_chunk(event.body)
                case CompletionStarted():
                    self._add_head(event.fields)
                case Usage():
                    self._add_head(event.body)
                    self._usage = event.body["usage"]
                case _ if self._has_extras:
                    self._add_extras(event)

    def _add_chunk(self, body: dict[str, Any]) -> None:
        if isinstance(body.get("usage"), dict):
            self._usage = body["usage"]
        for choice in body["choices"]:
            self._choice(int(choice.get("index", 0))).add(choice)

    def _choice(self, index: int) -> Choice:
        if index not in self._choices:
            self._choices[index] = Choice()
        return self._choices[index]

    def _add_head(self, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            if name not in ("choices", "usage", "object") and self._head.get(name) is None:
                self._head[name] = value

    def _add_extras(self, event: Event) -> None:
        if isinstance(event, AnswerStarted):
            self._extras["answer"] = {"id": event.answer_id}
            if event.conversation is not None:
                self._extras["conversation"] = event.conversation
        elif not isinstance(event, QueuePosition):
            self._extras |= extras_of(event) or {}
            self._add_tool(event)

    def _add_tool(self, event: Event) -> None:
        if isinstance(event, ToolProgress):
            self._tools[event.id] = tool_json(event)
            self._extras["tools"] = list(self._tools.values())
        elif isinstance(event, ActionProposed):
            self._actions[str(event.action["id"])] = event.action
            self._extras["actions"] = list(self._actions.values())

    def completion(self) -> dict[str, Any]:
        """The body as an object. Only after the events of a whole answer."""
        head = {"id": self._head.get("id"), "object": "chat.completion", **self._head}
        choices = [self._choices[index].as_openai(index) for index in sorted(self._choices)]
        body = {**head, "choices": choices}
        if self._usage is not None:
            body["usage"] = self._usage
        if self._has_extras:
            body[EXTRAS] = self._extras
        return body

    def body(self) -> bytes:
        return orjson.dumps(self.completion())
