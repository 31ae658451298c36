"""JSON Schema (Draft 2020-12) in bounded time: jsonschema with patterns in RE2 and a step counter.

The schema is written by the company or its systems; the values come from a model or a person.
`inference/lite/schema.py` checks clients' schemas, in a service of its own. Both know the same
formats (tests/data/schema_formats.json).
"""

import datetime
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from gateway.connectors.patterns import PatternError, compiled, matches
from gateway.connectors.problems import Wrong

# jsonschema follows these by its own recursion, which cannot be bounded.
UNSUPPORTED = ("unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$ref")
MAX_STEPS = 20_000  # keywords that one check may look at
SHOWN = 160  # characters of one problem
HOST = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:[^\s]{1,2000}")
FORMATS = FormatChecker(("date", "email", "ipv4", "ipv6", "uuid"))
SYNTAX = FormatChecker(())  # of the schema itself
Keyword = Callable[..., Iterator[ValidationError] | None]


class TooComplex(Exception):
    """A check took more than MAX_STEPS."""


def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or (
        "T" in value.upper() and datetime.datetime.fromisoformat(value).tzinfo is not None
    )


def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.time.fromisoformat(value).tzinfo is not None


def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or URI.fullmatch(value) is not None


def _is_hostname(value: object) -> bool:
    return not isinstance(value, str) or HOST.fullmatch(value) is not None


def _is_pattern(value: object) -> bool:
    if isinstance(value, str):
        compiled(value)
    return True


FORMATS.checks("date-time", ValueError)(_is_date_time)
FORMATS.checks("time", ValueError)(_is_time)
FORMATS.checks("uri")(_is_uri)
FORMATS.checks("hostname")(_is_hostname)
SYNTAX.checks("regex", PatternError)(_is_pattern)


class SchemaCheck:
    """Raises Wrong for what is no JSON Schema, or cannot be used here. No `$ref` is left in it."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._steps = 0
        _refuse_unsupported(schema)
        syntax = Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=SYNTAX)
        for error in syntax.iter_errors(schema):
            said = str(error.cause) if error.cause is not None else error.message
            raise Wrong(f"this is no JSON Schema: {said[:SHOWN]}", *error.absolute_path)
        self._validator = self._validator_class()(schema, format_checker=FORMATS)

    def errors(self, value: Any) -> list[ValidationError]:
        """Raises TooComplex, and ArithmeticError for numbers that are too large to compare."""
        self._steps = 0
        return list(self._validator.iter_errors(value))

    def _validator_class(self) -> Any:
        keywords = {
            **Draft202012Validator.VALIDATORS,
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional_properties,
            "uniqueItems": _unique_items,
        }
        made = extend(
            Draft202012Validator, {name: self._counted(check) for name, check in keywords.items()}
        )
        made.evolve = _evolved
        return made

    def _counted(self, keyword: Keyword) -> Keyword:
        def check(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise TooComplex
            yield from keyword(validator, value, instance, schema) or ()

        return check


def _evolved(self: Any, **changes: Any) -> Any:
    """Replaces jsonschema's own, which changes to a class without these keywords at `$schema`."""
    parts = {"schema": self.schema, "_resolver": self._resolver, **changes}
    return type(self)(format_checker=self.format_checker, registry=self._registry, **parts)


def _refuse_unsupported(schema: Any, *place: str | int) -> None:
    if isinstance(schema, dict):
        for name in UNSUPPORTED:
            if name in schema and place[-1:] != ("properties",):
                raise Wrong(f"{name} is not supported", *place, name)
        for name, part in schema.items():
            _refuse_unsupported(part, *place, name)
    elif isinstance(schema, list):
        for at, part in enumerate(schema):
            _refuse_unsupported(part, *place, at)


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not matches(pattern, instance):
        yield ValidationError(f"{instance[:60]!r} does not have the form {pattern}")


def _pattern_properties(
    validator: Any, parts: Mapping[str, Any], instance: Any, _: Any
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for pattern, part in parts.items():
            for name, value in instance.items():
                if matches(pattern, name):
                    yield from validator.descend(value, part, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, part: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for name, value in instance.items():
        if name in schema.get("properties", {}) or any(
            matches(pattern, name) for pattern in schema.get("patternProperties", {})
        ):
            continue
        if part is False:
            yield ValidationError(f"there is no property {name[:60]!r}")
        else:
            yield from validator.descend(value, part, path=name)


def _unique_items(_: Any, unique: bool, instance: Any, __: Any) -> Iterator[ValidationError]:
    items = instance if unique and isinstance(instance, list) else []
    if len({json.dumps(item, sort_keys=True) for item in items}) < len(items):
        yield ValidationError("the items are not unique")
