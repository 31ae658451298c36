"""What a tool is called with: its JSON Schema as the file has it, and as a model gets it."""

import json
from collections.abc import Mapping
from typing import Any

from gateway.connectors.field_names import FIELD_NAMES
from gateway.connectors.problems import Wrong
from gateway.connectors.schema_check import SHOWN, SchemaCheck, TooComplex
from gateway.connectors.schema_refs import inlined
from gateway.connectors.tool import WrongArguments

MAX_ARGUMENTS = 16_384  # bytes as JSON
MAX_DEPTH = 12
MAX_SCHEMA = 65_536  # bytes as JSON
MAX_PROPERTIES = 64
MAX_PROBLEMS = 8
# With one of these a schema may allow properties that `properties` does not name.
OPEN = ("additionalProperties", "patternProperties", "allOf", "anyOf", "oneOf", "if")
# What these find in the arguments as a whole is told by names; others quote all values.
NAMING = frozenset(("additionalProperties", "dependentRequired", "required"))
DATA = frozenset(("const", "enum", "default", "examples", "example"))


class ArgumentSchema:
    """Raises Wrong, with the place inside of the schema.

    `public`: without `x-…` and without secret properties. `field_of`: property → the reading's
    field that may fill it. `required`: in the schema's order.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        whole = _prepared(schema)
        properties: dict[str, Any] = whole["properties"]
        self.names = frozenset(properties)
        self.required = tuple(whole.get("required", ()))
        self.field_of = {
            name: _field(part["x-field"], name)
            for name, part in properties.items()
            if "x-field" in part
        }
        self.secrets = frozenset(name for name, part in properties.items() if part.get("x-secret"))
        self._labels = {name: _labels(part, name) for name, part in properties.items()}
        plain = _without_notes(whole)
        self._check = SchemaCheck(plain)
        self.public = _without_properties(plain, self.secrets)

    def check(self, arguments: Mapping[str, Any]) -> None:
        """Raises WrongArguments."""
        _check_size(arguments)
        missing = [name for name in self.required if arguments.get(name) is None]
        try:
            errors = self._check.errors(dict(arguments))
        except (TooComplex, ArithmeticError, RecursionError):
            raise WrongArguments(["the arguments are too large to be checked"]) from None
        problems = [self._told(error) for error in errors if error.validator != "required"]
        inner = [
            self._told(error)
            for error in errors
            if error.validator == "required" and error.absolute_path
        ]
        told = [f"{name} is missing" for name in missing] + [
            one for one in problems + inner if one.partition(":")[0] not in missing
        ]
        if told:
            raise WrongArguments(told[:MAX_PROBLEMS], missing)

    def label_of(self, name: str, language: str) -> str:
        labels = self._labels.get(name, {})
        return labels.get(language) or next(iter(labels.values()), name)

    def _told(self, error: Any) -> str:
        path = [str(part) for part in error.absolute_path]
        if path and path[0] in self.secrets:
            return f"{path[0]}: it is not valid"
        if not path and self.secrets and error.validator not in NAMING:
            return f"the arguments together are not valid ({error.validator})"
        return f"{'.'.join(path)}: {error.message}"[:SHOWN] if path else str(error.message)[:SHOWN]


def _prepared(schema: Mapping[str, Any]) -> dict[str, Any]:
    if len(json.dumps(schema, ensure_ascii=False, default=str).encode()) > MAX_SCHEMA:
        raise Wrong(f"the schema has more than {MAX_SCHEMA} bytes")
    whole: dict[str, Any] = inlined(dict(schema), schema)
    if whole.setdefault("type", "object") != "object":
        raise Wrong("the type of the parameters must be object", "type")
    properties = whole.setdefault("properties", {})
    if not isinstance(properties, dict) or len(properties) > MAX_PROPERTIES:
        raise Wrong(f"must be a mapping with at most {MAX_PROPERTIES} names", "properties")
    for name, part in properties.items():
        if part is True:
            properties[name] = {}
        elif not isinstance(part, dict):
            raise Wrong("must be a JSON Schema", "properties", name)
        elif part.get("x-secret", False) not in (True, False):
            raise Wrong("must be true or false", "properties", name, "x-secret")
    _refuse_inner_secrets(whole)
    for name in _required(whole):
        if name not in properties:
            raise Wrong(f"{name!r} is required and no property", "required")
    if not any(name in whole for name in OPEN):
        whole["additionalProperties"] = False
    return {name: part for name, part in whole.items() if name not in ("$defs", "definitions")}


def _refuse_inner_secrets(node: Any, *place: str | int) -> None:
    """Only properties of the schema itself are kept secret; elsewhere the mark would do nothing."""
    if isinstance(node, list):
        for at, part in enumerate(node):
            _refuse_inner_secrets(part, *place, at)
    if not isinstance(node, dict):
        return
    if "x-secret" in node and not (len(place) == 2 and place[0] == "properties"):
        raise Wrong(
            "only a property of the parameters themselves can be secret", *place, "x-secret"
        )
    for name, part in node.items():
        if name not in DATA:
            _refuse_inner_secrets(part, *place, name)


def _required(whole: Mapping[str, Any]) -> list[str]:
    required = whole.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise Wrong("must be a list of names", "required")
    return required


def _field(name: Any, of: str) -> str:
    if not isinstance(name, str) or not name.isidentifier():
        raise Wrong("must be the name of a field of readings", "properties", of, "x-field")
    return name


def _labels(part: Mapping[str, Any], name: str) -> dict[str, str]:
    """By language. A schema's `title` is a text, or a text for each language; without one the
    reading's field names it."""
    title = part.get("title")
    if title is None:
        names = FIELD_NAMES.get(str(part.get("x-field")))
        return dict(zip(("zh", "en"), names, strict=True)) if names else {}
    if isinstance(title, str):
        return {"zh": title, "en": title}
    if isinstance(title, dict) and all(isinstance(text, str) for text in title.values()):
        return dict(title)
    raise Wrong("must be a text, or texts by language", "properties", name, "title")


def _without_notes(whole: dict[str, Any]) -> dict[str, Any]:
    """Without `x-…`, and with texts by language as one text."""
    made: dict[str, Any] = _plain(whole, is_schema=True)
    return made


def _plain(node: Any, *, is_schema: bool) -> Any:
    if isinstance(node, list):
        return [_plain(one, is_schema=is_schema) for one in node]
    if not isinstance(node, dict):
        return node
    made = {}
    for name, part in node.items():
        if is_schema and name.startswith("x-"):
            continue
        if is_schema and name in ("title", "description") and isinstance(part, dict):
            part = part.get("zh") or part.get("en") or ""
        names_follow = is_schema and name in ("properties", "patternProperties", "dependentSchemas")
        is_data = is_schema and name in DATA
        made[name] = part if is_data else _plain(part, is_schema=not names_follow)
    return made


def _without_properties(plain: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    made = {
        **plain,
        "properties": {
            name: part for name, part in plain["properties"].items() if name not in names
        },
    }
    required = [name for name in plain.get("required", ()) if name not in names]
    made.pop("required", None)
    return {**made, "required": required} if required else made


def _check_size(arguments: Mapping[str, Any]) -> None:
    try:
        size = len(json.dumps(arguments, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, TypeError, RecursionError):
        raise WrongArguments(["the arguments are not JSON"]) from None
    if size > MAX_ARGUMENTS:
        raise WrongArguments([f"the arguments have {size} bytes, at most {MAX_ARGUMENTS}"])
    if _depth(arguments, MAX_DEPTH + 1) > MAX_DEPTH:
        raise WrongArguments([f"the arguments are nested deeper than {MAX_DEPTH} levels"])


def _depth(value: Any, most: int) -> int:
    parts = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    )
    if most <= 0 or not parts:
        return 0
    return 1 + max(_depth(part, most - 1) for part in parts)
