"""What a schema has looked at in a value, for `unevaluatedProperties` and `unevaluatedItems`.

jsonschema has the same (`_utils.py`), in a recursion without bounds. Here every step goes through
`enter`, which keeps to the budget and to the depth.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

BRANCHES = ("allOf", "oneOf", "anyOf")
Place = str | int  # a property's name or an item's number


@dataclass(frozen=True, slots=True)
class Evaluated:
    enter: Callable[[], AbstractContextManager[None]]
    matches: Callable[[str, str], bool]

    def of(self, validator: Any, value: Any, schema: Any) -> set[Place]:
        """The places in `value`, an object or an array, that `schema` has looked at."""
        if not isinstance(schema, dict):
            return set()
        with self.enter():
            found: set[Place] = set()
            for name in ("$ref", "$dynamicRef"):
                if name in schema:
                    resolved = validator._resolver.lookup(schema[name])
                    there = validator.evolve(schema=resolved.contents, _resolver=resolved.resolver)
                    found |= self.of(there, value, resolved.contents)
            for part in self._that_hold(validator, value, schema):
                found |= self.of(validator, value, part)
            own = self._names if isinstance(value, dict) else self._items
            return found | set(own(validator, value, schema))

    def _that_hold(self, validator: Any, value: Any, schema: dict[str, Any]) -> Iterator[Any]:
        """The schemas inside that apply to the value itself and accept it."""
        for name in BRANCHES:
            for part in schema.get(name, ()):
                if _accepts(validator, value, part):
                    yield part
        if isinstance(value, dict):
            for name, part in schema.get("dependentSchemas", {}).items():
                if name in value:
                    yield part
        if "if" in schema:
            holds = _accepts(validator, value, schema["if"])
            if holds:
                yield schema["if"]
            yield schema.get("then" if holds else "else", True)

    def _names(
        self, validator: Any, value: dict[str, Any], schema: dict[str, Any]
    ) -> Iterator[Place]:
        yield from schema.get("properties", {}).keys() & value.keys()
        for pattern in schema.get("patternProperties", {}):
            yield from (name for name in value if self.matches(pattern, name))
        for keyword in ("additionalProperties", "unevaluatedProperties"):
            if keyword in schema:
                yield from (
                    name for name, one in value.items() if _accepts(validator, one, schema[keyword])
                )

    def _items(self, validator: Any, value: list[Any], schema: dict[str, Any]) -> Iterator[Place]:
        yield from range(len(value) if "items" in schema else len(schema.get("prefixItems", ())))
        for keyword in ("contains", "unevaluatedItems"):
            if keyword in schema:
                yield from (
                    number
                    for number, one in enumerate(value)
                    if _accepts(validator, one, schema[keyword])
                )


def _accepts(validator: Any, value: Any, part: Any) -> bool:
    return next(validator.descend(value, part), None) is None
