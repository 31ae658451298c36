"""Makes a value that is valid against a schema, from what the conversation holds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from typing import Any

from inference.lite import scalars
from inference.lite.errors import LiteError
from inference.lite.patterns import matches
from inference.lite.schema import Schema
from inference.lite.shape import Shape, shapes

MAX_VALUES = 10_000  # in one value: objects, arrays and scalars
MAX_ITEMS = 20  # found values in an array without maxItems
MAX_DEPTH = 25  # objects and arrays inside each other
MAX_SHAPES = 64  # choices to try in all, once one has been valid
KINDS = ("null", "object", "array", "string", "integer", "number", "boolean")
HINTS = {
    "object": (
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "minProperties",
    ),
    "array": ("items", "prefixItems", "minItems", "contains"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
}

# Values for a parameter of this name and shape, best first.
Find = Callable[[str, Shape], Iterable[Any]]


class Rank(IntEnum):
    """Where a value comes from, worst first."""

    PLACEHOLDER = 0
    DEFAULT = 1
    FOUND = 2


@dataclass(frozen=True, slots=True)
class Made:
    """A value and where the best part of it comes from."""

    value: Any
    rank: Rank


class Unfillable(Exception):
    """No valid value can be made for the part at `path`. `str()` is the path."""

    def __init__(self, path: tuple[str | int, ...]) -> None:
        super().__init__(".".join(map(str, path)) or "the value itself")


class Filler:
    """Fills a schema. With `placeholders`, required values that were not found are made up."""

    def __init__(self, schema: Schema, find: Find, *, placeholders: bool) -> None:
        self._schema = schema
        self._find = find
        self._placeholders = placeholders
        self._open: list[Shape] = []  # objects and arrays under construction, outermost first
        self._count = 0

    def make(self) -> Made:
        """The value. Raises Unfillable if there is no valid one, LiteError for a broken schema."""
        with self._schema.usable():
            made = self._part(self._schema.contents, "", (), [])
            if self._schema.fault(made.value) is None:
                return made
        raise Unfillable(())

    def _part(self, part: Any, name: str, path: tuple[str | int, ...], used: list[Any]) -> Made:
        """The best valid value that is not in `used`: a found one, else null, else the first."""
        if len(path) > MAX_DEPTH:
            raise self._schema.refused(f"its values are nested deeper than {MAX_DEPTH} levels")
        best: Made | None = None
        inner: Unfillable | None = None
        for number, shape in enumerate(shapes(self._schema, part, self._schema.resolver)):
            if best is not None and number >= MAX_SHAPES:
                break
            if any(not shape.sources.keys().isdisjoint(outer.sources) for outer in self._open):
                continue  # a shape inside of itself: the value would not be the shortest one
            try:
                for made in self._values(shape, name, path):
                    self._counted()
                    if made.value in used or not self._schema.accepts(
                        made.value, part, self._schema.resolver
                    ):
                        continue
                    if made.rank is Rank.FOUND:
                        return made
                    if best is None or _better(made, best, shape):
                        best = made
                    if made.rank is Rank.PLACEHOLDER and made.value is not None:
                        break
            except Unfillable as error:
                inner = inner or error
        if best is None:
            raise inner or Unfillable(path)
        return best

    def _values(self, shape: Shape, name: str, path: tuple[str | int, ...]) -> Iterator[Made]:
        for value in self._find(name, shape):
            yield Made(value, Rank.FOUND)
        if shape.rule("default") is not None:
            yield Made(shape.rule("default"), Rank.DEFAULT)
        if shape.members is not None:
            # A single possible value is not taken from the conversation, but no guess either.
            if self._placeholders or len(shape.members) == 1 or None in shape.members:
                members = sorted(shape.members, key=lambda member: member is not None)
                yield from (Made(member, Rank.PLACEHOLDER) for member in members)
            return
        for kind in _kinds(shape):
            if kind in ("object", "array"):
                self._open.append(shape)
                try:
                    yield (self._object if kind == "object" else self._array)(shape, name, path)
                finally:
                    self._open.pop()
            elif kind == "null":
                yield Made(None, Rank.PLACEHOLDER)
            elif self._placeholders:
                made: Iterable[Any] = (False, True)
                if kind != "boolean":
                    made = scalars.strings(shape) if kind == "string" else scalars.numbers(shape)
                yield from (Made(value, Rank.PLACEHOLDER) for value in made)

    def _object(self, shape: Shape, _: str, path: tuple[str | int, ...]) -> Made:
        properties = shape.rule("properties", {})
        required = dict.fromkeys(shape.rule("required", []))
        made: dict[str, Made] = {}
        spare: dict[str, Made] = {}
        for name in dict.fromkeys([*properties, *required]):
            try:
                one = self._part(_property(shape, name), name, (*path, name), [])
            except Unfillable:
                if name in required:
                    raise
                continue
            (made if name in required or one.rank > Rank.PLACEHOLDER else spare)[name] = one
        least, most = shape.rule("minProperties", 0), shape.rule("maxProperties", len(made))
        for name in [name for name in made if name not in required][::-1]:
            if len(made) > most:
                del made[name]
        for name, one in spare.items():
            if len(made) < least:
                made[name] = one
        numbers = count(1)
        while len(made) < least:
            name = f"key{next(numbers)}"
            if name not in made:
                made[name] = self._part(_property(shape, name), name, (*path, name), [])
        return Made({name: one.value for name, one in made.items()}, _rank(made.values()))

    def _array(self, shape: Shape, name: str, path: tuple[str | int, ...]) -> Made:
        parts = list(shape.rule("prefixItems", []))
        others = shape.rule("items", shape.rule("unevaluatedItems", True))
        contains = shape.rule("contains")
        parts += [{"allOf": [others, contains]}] * int(
            shape.rule("minContains", 1) if contains is not None else 0
        )
        least = shape.rule("minItems", 0)
        most = shape.rule("maxItems", max(least, MAX_ITEMS))
        made: list[Made] = []
        while len(made) < most:
            needed = len(made) < max(least, len(parts) if contains is not None else 0)
            part = parts[len(made)] if len(made) < len(parts) else others
            used = [one.value for one in made] if not needed or shape.rule("uniqueItems") else []
            try:
                one = self._part(part, name, (*path, len(made)), used)
            except Unfillable:
                if needed:
                    raise
                break
            if not needed and one.rank is not Rank.FOUND:
                break
            made.append(one)
        return Made([one.value for one in made], _rank(made))

    def _counted(self) -> None:
        self._schema.budget.check()
        self._count += 1
        if self._count > MAX_VALUES:
            raise LiteError(
                f"{self._schema.where}: it requires more than {MAX_VALUES} values.",
                param=self._schema.where,
                details={"limit": MAX_VALUES},
            )


def _property(shape: Shape, name: str) -> Any:
    """The schema of a property by properties, patternProperties, additionalProperties and
    unevaluatedProperties."""
    named = [shape.rule("properties", {})[name]] if name in shape.rule("properties", {}) else []
    named += [
        part
        for pattern, part in shape.rule("patternProperties", {}).items()
        if matches(pattern, name)
    ]
    if not named:
        return shape.rule("additionalProperties", shape.rule("unevaluatedProperties", True))
    return named[0] if len(named) == 1 else {"allOf": named}


def _kinds(shape: Shape) -> list[str]:
    """The JSON types that the shape allows, those that its keywords are about first."""
    if shape.types is not None:
        return [kind for kind in KINDS if kind in shape.types]
    hinted = [kind for kind, rules in HINTS.items() if any(rule in shape.rules for rule in rules)]
    return [*dict.fromkeys([*hinted, "string", "number", "boolean", "object", "array", "null"])]


def _better(made: Made, best: Made, shape: Shape) -> bool:
    """A higher rank is better. At the same rank null is, if the schema names it."""
    names_null = made.value is None and (shape.types is not None or shape.members is not None)
    return made.rank > best.rank or (
        made.rank == best.rank and names_null and best.value is not None
    )


def _rank(made: Iterable[Made]) -> Rank:
    return max((one.rank for one in made), default=Rank.PLACEHOLDER)
