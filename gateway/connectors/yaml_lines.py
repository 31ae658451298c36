"""Reads YAML as JSON has it: no tags, no aliases, true, false and null alone. Keeps the lines.

The text comes in as a file's bytes. Depth and size are bounded before anything is built.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml

from gateway.connectors.problems import Place

MAX_DEPTH = 60
MAX_NODES = 200_000
MAX_DIGITS = 40
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
FLOAT = re.compile(r"[-+]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,3})?")
# A variable as a plain text. Between braces YAML ends it at its own brace.
VARIABLE = re.compile(r"(?<=[\s\[,])\$\{[A-Z0-9_]{1,100}\}[\w./:-]{0,500}(?=\s{0,100}[,}\]])")
PLAIN = {"": None, "~": None, "null": None, "true": True, "false": False}


class NotRead(ValueError):
    """The text is not the YAML that is read here. `str()` says why."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(slots=True)
class Document:
    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)


def read_document(data: bytes) -> Document:
    """JSON where the text begins like it, else YAML; JSON has no lines. Raises NotRead."""
    if data[:1000].lstrip()[:1] != b"{":
        return read_yaml(data)
    try:
        return Document(json.loads(data))
    except (ValueError, RecursionError):
        return read_yaml(data)  # YAML's flow style begins with a brace too, and has lines


def read_yaml(data: bytes) -> Document:
    """Raises NotRead."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotRead("is not UTF-8", data.count(b"\n", 0, error.start) + 1) from None
    try:
        return _parsed(text)
    except yaml.MarkedYAMLError as error:
        quoted = VARIABLE.sub(r'"\g<0>"', text)
        if quoted != text:
            with suppress(yaml.YAMLError):
                return _parsed(quoted)
        mark = error.problem_mark or error.context_mark
        raise NotRead(_reason(error), mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        place = getattr(error, "position", 0) or 0
        raise NotRead(_reason(error), text.count("\n", 0, place) + 1) from None


def _parsed(text: str) -> Document:
    return _Builder(yaml.parse(text, Loader=LOADER)).document()


def _reason(error: yaml.YAMLError) -> str:
    said = getattr(error, "problem", None) or getattr(error, "reason", None)
    return f"is not valid YAML: {said or 'it cannot be read'}"[:200]


class _Builder:
    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._made = Document()
        self._nodes = 0

    def document(self) -> Document:
        next(self._events)  # the stream's start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return self._made
        self._made.value = self._node(next(self._events), ())
        next(self._events)  # the document's end
        more = next(self._events)
        if not isinstance(more, yaml.StreamEndEvent):
            raise NotRead("has more than one document", more.start_mark.line + 1)
        return self._made

    def _node(self, event: Any, place: Place) -> Any:
        line = event.start_mark.line + 1
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise NotRead(f"has more than {MAX_NODES} values", line)
        if len(place) > MAX_DEPTH:
            raise NotRead(f"is nested deeper than {MAX_DEPTH} levels", line)
        self._made.lines.setdefault(place, line)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise NotRead("anchors (&) and aliases (*) are not read; write the value out", line)
        if event.tag is not None:
            raise NotRead(f"tags are not read: {event.tag[:60]}", line)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event.value, line) if event.implicit[0] else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(place)
        return self._mapping(place)

    def _sequence(self, place: Place) -> list[Any]:
        made: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            made.append(self._node(event, (*place, len(made))))
        return made

    def _mapping(self, place: Place) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
                raise NotRead("a key must be plain text", line)
            key = event.value
            if key in made:
                raise NotRead(f"{key[:60]!r} is there twice", line)
            self._made.lines[(*place, key)] = line
            made[key] = self._node(next(self._events), (*place, key))
        return made


def _scalar(text: str, line: int) -> Any:
    if text in PLAIN:
        return PLAIN[text]
    if text[:1] not in "+-0123456789":
        return text
    if INTEGER.fullmatch(text):
        # A leading zero is part of a number that names something, such as 0571.
        return text if text.lstrip("+-").startswith("0") and len(text) > 1 else int(text)
    return float(text) if FLOAT.fullmatch(text) else text
