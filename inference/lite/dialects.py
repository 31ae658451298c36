"""Schemas of older drafts and of OpenAPI 3.0 in the words of Draft 2020-12.

Only what Draft 2020-12 would refuse or pass over is changed: tuples in `items`, `dependencies`,
`exclusiveMinimum: true`, `$id: "#name"`, `$recursiveRef`. Other faults are left for the check of
the schema.
"""

from typing import Any

MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
PARTS = (
    "items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames",
    "contains", "not", "if", "then", "else",
)  # fmt: skip
BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


def modern(schema: Any) -> Any:
    """`schema` in Draft 2020-12; a copy."""
    if not isinstance(schema, dict):
        return schema
    made = dict(schema)
    _renamed(made)
    for name in MAPS:
        if isinstance(made.get(name), dict):
            made[name] = {key: modern(part) for key, part in made[name].items()}
    for name in LISTS:
        if isinstance(made.get(name), list):
            made[name] = [modern(part) for part in made[name]]
    for name in PARTS:
        if name in made:
            made[name] = modern(made[name])
    return made


def _renamed(made: dict[str, Any]) -> None:
    if isinstance(made.get("items"), list) and "prefixItems" not in made:
        made["prefixItems"] = made.pop("items")
        if "additionalItems" in made:
            made["items"] = made.pop("additionalItems")
    for exclusive, bound in BOUNDS:
        if isinstance(made.get(exclusive), bool):
            is_exclusive = made.pop(exclusive)
            if is_exclusive and bound in made:
                made[exclusive] = made.pop(bound)
    if str(made.get("$id", "")).startswith("#"):
        made["$anchor"] = made.pop("$id")[1:]
    if made.get("$recursiveRef") == "#":
        made.setdefault("$ref", made.pop("$recursiveRef"))
    needed = made.get("dependencies")
    if isinstance(needed, dict):
        names = {name: one for name, one in needed.items() if isinstance(one, list)}
        schemas = {name: one for name, one in needed.items() if not isinstance(one, list)}
        made["dependentRequired"] = {**names, **made.get("dependentRequired", {})}
        made["dependentSchemas"] = {**schemas, **made.get("dependentSchemas", {})}
        del made["dependencies"]
