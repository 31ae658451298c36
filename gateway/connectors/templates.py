"""Texts of a connector's file with `{name}` for an argument, `{caller.user}`, `{caller.tenant}` or
`{action.id}`, and `${NAME}` for the environment. `{{` and `}}` stand for braces.

The environment is filled in when the file is loaded, and its values are never looked into.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.connectors.problems import Wrong

USER, TENANT, ACTION = "caller.user", "caller.tenant", "action.id"
SPECIAL = frozenset((USER, TENANT, ACTION))
PIECE = re.compile(r"\$?\{[^{}]{0,100}\}|\{\{|\}\}|[{}]|[^{}$]{1,1000}|\$")
MAX_LENGTH = 8_000


@dataclass(frozen=True, slots=True)
class Name:
    """A placeholder."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    parts: tuple[str | Name, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(part.name for part in self.parts if isinstance(part, Name))

    @property
    def alone(self) -> str:
        """The placeholder's name where the text is nothing else; else empty."""
        first = self.parts[0] if len(self.parts) == 1 else ""
        return first.name if isinstance(first, Name) else ""

    def text(self, values: Mapping[str, Any]) -> str:
        """Filled in; what `values` does not have is empty."""
        return "".join(
            part if isinstance(part, str) else as_text(values.get(part.name)) for part in self.parts
        )


class Values(Protocol):
    """What `${NAME}` stands for: an Environment."""

    def value(self, name: str) -> str:
        """Raises Wrong."""


def parse(text: str, environment: Values) -> Template:
    """Raises Wrong."""
    if len(text) > MAX_LENGTH:
        raise Wrong(f"has {len(text)} characters, at most {MAX_LENGTH}")
    parts: list[str | Name] = []
    for match in PIECE.finditer(text):
        piece = match[0]
        if piece in ("{{", "}}"):
            parts.append(piece[0])
        elif piece in ("{", "}"):
            raise Wrong("has a brace without its partner; {{ and }} stand for braces")
        elif piece.startswith("${"):
            parts.append(environment.value(piece[2:-1]))
        elif piece.startswith("{"):
            parts.append(Name(piece[1:-1]))
        else:
            parts.append(piece)
    return Template(_joined(parts))


def _joined(parts: list[str | Name]) -> tuple[str | Name, ...]:
    """With neighbouring texts as one."""
    made: list[str | Name] = []
    for part in parts:
        if made and isinstance(part, str) and isinstance(made[-1], str):
            made[-1] += part
        else:
            made.append(part)
    return tuple(made)


def as_text(value: Any) -> str:
    """An argument inside of a text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
