"""A client's JSON Schema (Draft 2020-12): checks the schema, and values against it.

This is jsonschema's validator with three changes: patterns run in RE2, references never leave the
schema, and every keyword checks the request's budget, since a few nested `allOf` can take hours.
Schemas of older drafts are rewritten first (dialects.py).
It knows the same formats as `gateway/connectors/schema_check.py` (tests/data/schema_formats.json).
"""

import datetime
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import referencing.exceptions
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import extend
from jsonschema_specifications import REGISTRY
from referencing.jsonschema import DRAFT202012

from inference.lite.budget import Budget
from inference.lite.dialects import modern
from inference.lite.errors import LiteError
from inference.lite.evaluated import Evaluated
from inference.lite.patterns import PatternError, compiled, matches

# Keywords inside each other. Each takes up to six frames. The maps of `rpds` panic at Python's
# recursion limit, so it must not be reached.
MAX_NESTED = 150
FRAMES = 3_000  # Python's recursion limit: room for MAX_NESTED keywords inside Filler
SHOWN = 200  # characters of a fault in an error message
Keyword = Callable[..., Iterator[ValidationError] | None]
HOST = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:[^\s]{1,2000}")
FORMATS = FormatChecker(("date", "email", "ipv4", "ipv6", "uuid"))
SYNTAX = FormatChecker(())  # of the schema itself


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


class Schema:
    """Raises LiteError for a schema that is malformed or cannot be used here.

    `where` is the parameter that holds it, for errors.
    """

    def __init__(self, contents: Any, where: str, budget: Budget) -> None:
        self.contents = modern(contents)
        self.where = where
        self.budget = budget
        self._validator = _validator_class(budget)
        with self.usable():
            self._check_syntax()
            self.resolver: Any = REGISTRY.resolver_with_root(
                DRAFT202012.create_resource(self.contents)
            )

    def accepts(self, value: Any, part: Any, resolver: Any) -> bool:
        """Whether `value` is valid against `part` of this schema."""
        return bool(self._of(part, resolver).is_valid(value))

    def fault(self, value: Any) -> str | None:
        """Why `value` is not valid, or None."""
        error = best_match(self._of(self.contents, self.resolver).iter_errors(value))
        return None if error is None else _told(error)

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Turns faults of the schema that show only when it is used into LiteError."""
        try:
            yield
        except RecursionError:
            raise self.refused(
                "it is nested deeper than 24 levels, or refers to itself without end"
            ) from None
        except referencing.exceptions.Unresolvable as error:
            raise self.refused(f"a $ref points nowhere: {getattr(error, 'ref', '')}") from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # How jsonschema and referencing fail on what the metaschema does not check, such as a
            # broken $id.
            raise self.refused(f"it cannot be used: {str(error)[:SHOWN]}") from None

    def refused(self, reason: str) -> LiteError:
        """The error for the client."""
        return LiteError(f"{self.where}: {reason}.", param=self.where)

    def _of(self, part: Any, resolver: Any) -> Any:
        return self._validator(part, format_checker=FORMATS, registry=REGISTRY, _resolver=resolver)

    def _check_syntax(self) -> None:
        metaschema = self._validator(
            Draft202012Validator.META_SCHEMA, format_checker=SYNTAX, registry=REGISTRY
        )
        for error in metaschema.iter_errors(self.contents):
            raise self.refused(f"this is no JSON Schema: {_told(best_match([error]))}")


def _told(error: ValidationError) -> str:
    place = ".".join(map(str, error.absolute_path))
    message = str(error.cause) if isinstance(error.cause, PatternError) else error.message
    return f"{place}: {message}"[:SHOWN] if place else message[:SHOWN]


@lru_cache(8)
def _validator_class(budget: Budget) -> Any:
    own = _Keywords(budget)
    keywords = {**Draft202012Validator.VALIDATORS, **own.changed()}
    made = extend(
        Draft202012Validator, {name: own.counted(check) for name, check in keywords.items()}
    )
    made.evolve = _evolved
    return made


def _evolved(self: Any, **changes: Any) -> Any:
    """Replaces jsonschema's own, which changes to a class without these keywords at `$schema`."""
    parts = {"schema": self.schema, "_resolver": self._resolver, **changes}
    return type(self)(format_checker=self.format_checker, registry=self._registry, **parts)


class _Keywords:
    """Keywords that jsonschema runs with Python's `re`, or in quadratic time."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._nested = 0
        self._evaluated = Evaluated(self._entered, self._matches)

    def counted(self, keyword: Keyword) -> Keyword:
        """`keyword` that keeps to the budget and to MAX_NESTED."""

        def check(
            validator: Any, value: Any, instance: Any, schema: Any
        ) -> Iterator[ValidationError]:
            with self._entered():
                yield from keyword(validator, value, instance, schema) or ()

        return check

    @contextmanager
    def _entered(self) -> Iterator[None]:
        self._budget.check()
        if self._nested >= MAX_NESTED:
            raise RecursionError
        self._nested += 1
        try:
            yield
        finally:
            self._nested -= 1

    def changed(self) -> dict[str, Keyword]:
        return {
            "pattern": self._pattern,
            "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional_properties,
            "uniqueItems": self._unique_items,
            "unevaluatedProperties": self._unevaluated,
            "unevaluatedItems": self._unevaluated_items,
        }

    def _matches(self, pattern: str, text: str) -> bool:
        self._budget.check()
        return matches(pattern, text)

    def _pattern(
        self, _: Any, pattern: str, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not self._matches(pattern, instance):
            yield ValidationError(f"{instance[:SHOWN]!r} does not match {pattern!r}")

    def _pattern_properties(
        self, validator: Any, parts: Mapping[str, Any], instance: Any, _: Any
    ) -> Iterator[ValidationError]:
        if isinstance(instance, dict):
            for pattern, part in parts.items():
                for name, value in instance.items():
                    if self._matches(pattern, name):
                        yield from validator.descend(value, part, path=name, schema_path=pattern)

    def _additional_properties(
        self, validator: Any, part: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        if isinstance(instance, dict):
            for name, value in instance.items():
                if name not in schema.get("properties", {}) and not any(
                    self._matches(pattern, name) for pattern in schema.get("patternProperties", {})
                ):
                    yield from validator.descend(value, part, path=name)

    def _unevaluated(
        self, validator: Any, part: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        if isinstance(instance, dict):
            others = {
                name: rule for name, rule in schema.items() if name != "unevaluatedProperties"
            }
            evaluated = self._evaluated.of(validator, instance, others)
            for name in [name for name in instance if name not in evaluated]:
                yield from validator.descend(instance[name], part, path=name)

    def _unevaluated_items(
        self, validator: Any, part: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        if isinstance(instance, list):
            others = {name: rule for name, rule in schema.items() if name != "unevaluatedItems"}
            evaluated = self._evaluated.of(validator, instance, others)
            for number in [one for one in range(len(instance)) if one not in evaluated]:
                yield from validator.descend(instance[number], part, path=number)

    def _unique_items(
        self, _: Any, unique: bool, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        items = instance if unique and isinstance(instance, list) else []
        if len({json.dumps(_plain(item), sort_keys=True) for item in items}) < len(items):
            yield ValidationError("the items are not unique")


def _plain(value: Any) -> Any:
    """With 1.0 as 1, which are the same in JSON Schema."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
