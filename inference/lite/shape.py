"""The shape of a JSON value: a schema with `$ref`, `allOf` and a choice of each `anyOf` merged."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from inference.lite.budget import Budget
from inference.lite.schema import Schema

MAX_CHOICES = 30  # of anyOf, oneOf and if that apply to one value
LARGEST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
SMALLEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
PARTS_BY_NAME = ("properties", "patternProperties")
PARTS = (
    "items", "additionalProperties", "unevaluatedItems", "unevaluatedProperties", "propertyNames",
    "contains",
)  # fmt: skip
NOTES = ("description", "title", "default", "format", "uniqueItems")


class Contradiction(Exception):
    """No value can have this shape."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`rules` holds each keyword once. Those that cannot be merged (`not`) are only validated."""

    rules: dict[str, Any] = field(default_factory=dict)
    types: frozenset[str] | None = None
    members: tuple[Any, ...] | None = None  # of `enum` and `const`
    patterns: tuple[str, ...] = ()
    multiples: tuple[Fraction, ...] = ()
    choices: tuple[list[Any], ...] = ()  # of `anyOf` and the like, still to be made
    # The schemas merged so far, by id(). One that comes again is a loop.
    sources: dict[int, Any] = field(default_factory=dict)

    def rule(self, name: str, default: Any = None) -> Any:
        """A keyword's value."""
        return self.rules.get(name, default)

    def allows(self, kind: str) -> bool:
        """Whether values of this JSON type may be valid."""
        return self.types is None or kind in self.types


def shapes(schema: Schema, part: Any, resolver: Any) -> Iterator[Shape]:
    """A shape for every choice in `part`, first alternatives first; none for a contradiction."""
    yield from _expanded(schema, Shape(), [part], resolver)


def _expanded(schema: Schema, shape: Shape, parts: list[Any], resolver: Any) -> Iterator[Shape]:
    try:
        while parts:
            schema.budget.check()
            shape = _absorbed(shape, parts.pop(0), parts, resolver, schema.budget)
    except Contradiction:
        return
    if len(shape.choices) > MAX_CHOICES:
        raise schema.refused(f"more than {MAX_CHOICES} anyOf, oneOf or if apply to one value")
    if not shape.choices:
        yield shape
        return
    for option in shape.choices[0]:
        yield from _expanded(schema, replace(shape, choices=shape.choices[1:]), [option], resolver)


def _absorbed(shape: Shape, part: Any, parts: list[Any], resolver: Any, budget: Budget) -> Shape:
    """`shape` merged with `part`. The schemas that `part` refers to are appended to `parts`."""
    if part is False:
        raise Contradiction
    if part is True or id(part) in shape.sources:
        return shape
    rules = dict(shape.rules)
    for name, value in part.items():
        if name in LARGEST:
            rules[name] = max(rules.get(name, value), value)
        elif name in SMALLEST:
            rules[name] = min(rules.get(name, value), value)
        elif name in PARTS_BY_NAME:
            rules[name] = _merged(rules.get(name, {}), value)
        elif name in PARTS:
            rules[name] = {"allOf": [rules[name], value]} if name in rules else value
        elif name == "required":
            rules[name] = list(dict.fromkeys([*rules.get(name, []), *value]))
        elif name == "prefixItems":
            longer = max(rules.get(name, []), value, key=len)
            both = [{"allOf": pair} for pair in zip(rules.get(name, []), value, strict=False)]
            rules[name] = [*both, *longer[len(both) :]]
        elif name in NOTES:
            rules.setdefault(name, value)
    for name in ("$ref", "$dynamicRef"):
        if name in part:
            parts.append(resolver.lookup(part[name]).contents)
    parts += part.get("allOf", [])
    return Shape(
        rules,
        _types(shape.types, part.get("type")),
        _members(shape.members, part, budget),
        shape.patterns + ((part["pattern"],) if "pattern" in part else ()),
        shape.multiples + ((Fraction(str(part["multipleOf"])),) if "multipleOf" in part else ()),
        (*shape.choices, *_choices(part)),
        {**shape.sources, id(part): part},
    )


def _merged(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    return {
        **one,
        **{
            name: {"allOf": [one[name], part]} if name in one else part
            for name, part in two.items()
        },
    }


def _types(before: frozenset[str] | None, named: str | list[str] | None) -> frozenset[str] | None:
    if named is None:
        return before
    kinds = {named} if isinstance(named, str) else set(named)
    if before is None:
        return frozenset(kinds)
    # Every integer is a number.
    wide = kinds | ({"integer"} if "number" in kinds else set())
    other = before | ({"integer"} if "number" in before else set())
    both = frozenset(wide & other)
    if not both:
        raise Contradiction
    return both


def _members(
    before: tuple[Any, ...] | None, part: dict[str, Any], budget: Budget
) -> tuple[Any, ...] | None:
    for named in ([part["const"]] if "const" in part else None, part.get("enum")):
        if named is not None:
            before = tuple(named) if before is None else tuple(_common(named, before, budget))
    if before is not None and not before:
        raise Contradiction
    return before


def _common(one: Iterable[Any], other: tuple[Any, ...], budget: Budget) -> Iterator[Any]:
    for member in one:
        budget.check()
        if member in other:
            yield member


def _choices(part: dict[str, Any]) -> Iterable[list[Any]]:
    for name in ("anyOf", "oneOf"):
        if name in part:
            yield part[name]
    if "if" in part:
        yield [{"allOf": [part["if"], part.get("then", True)]}, part.get("else", True)]
    for name, needed in part.get("dependentRequired", {}).items():
        yield [{"properties": {name: False}}, {"required": [name, *needed]}]
    for name, dependent in part.get("dependentSchemas", {}).items():
        yield [{"properties": {name: False}}, {"allOf": [{"required": [name]}, dependent]}]
