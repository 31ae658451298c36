"""What came of the calls of tools in one turn, in the forms in which engines and pages get it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gateway.connectors.tool import Tool

Status = Literal["done", "failed", "proposed", "refused"]
MAX_VALUES = 6_000  # characters of one result's values, as JSON
MAX_TEXT = 2_000  # characters of one result in words
MAX_DEPTH = 8
# (characters of a text, entries of a list or object), tried in turn until the whole is small enough
CUTS = ((2_000, 60), (400, 25), (100, 10), (40, 4))
LARGEST = 2**63 - 1  # a whole number above is written as text: not every JSON parser takes it


@dataclass(frozen=True, slots=True)
class ToolResult:
    """`refused`: nothing was asked, because the call was wrong. `reason` of a call that failed or
    was refused is in the question's language, as `text` is."""

    id: str
    name: str
    title: Mapping[str, str]  # by language
    arguments: Mapping[str, Any]
    status: Status
    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    action: Mapping[str, Any] | None = None  # as `GET /api/actions/{id}` gives it

    def for_lite(self) -> dict[str, Any]:
        """An entry of the engine seam's `results` (docs/architecture.md)."""
        return {
            "id": self.id,
            "name": self.name,
            "title": dict(self.title),
            "arguments": dict(self.arguments),
            "status": self.status,
            "text": self.text,
            "values": dict(self.values),
            "reason": self.reason,
            "action": dict(self.action) if self.action is not None else None,
        }

    @property
    def shown(self) -> dict[str, Any]:
        """`result` of the page's event `tool`."""
        if self.status == "done":
            return {"values": dict(self.values), "text": self.text}
        return {"reason": self.reason}

    @property
    def said(self) -> str:
        """All that an answer may rest on."""
        parts = [self.text, self.reason, written(self.values), written(self.arguments)]
        if self.action is not None:
            parts.append(written({key: self.action.get(key) for key in ("id", "expires_at")}))
        return "\n".join(part for part in parts if part)


def titles(tool: Tool) -> dict[str, str]:
    return {language: tool.title.get(language) or tool.name for language in ("zh", "en")}


def written(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, default=str) if values else ""


def bounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values cut to MAX_VALUES characters of JSON that every parser takes: long texts and lists
    first, then entries from the end."""
    made: dict[str, Any] = {}
    for characters, entries in CUTS:
        made = _cut(values, characters, entries, MAX_DEPTH)
        if len(written(made)) <= MAX_VALUES:
            return made
    while made and len(written(made)) > MAX_VALUES:
        made.popitem()
    return made


def clean(text: str, most: int = MAX_TEXT) -> str:
    """Cut, and without the halves of characters that UTF-8 cannot hold."""
    return text[:most].encode("utf-8", "replace").decode()


def _cut(value: Any, characters: int, entries: int, depth: int) -> Any:
    if isinstance(value, str):
        return clean(value, characters)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST else str(value)[:characters]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth == 0:
        return clean(str(value)[:characters], characters)
    if isinstance(value, Mapping):
        kept = list(value.items())[:entries]
        return {
            clean(str(name), 80): _cut(one, characters, entries, depth - 1) for name, one in kept
        }
    if isinstance(value, Sequence):
        return [_cut(one, characters, entries, depth - 1) for one in value[:entries]]
    return clean(str(value), characters)
