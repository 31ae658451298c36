"""Schemas with `unevaluated…` and `$dynamicRef`, and of older drafts: what is made is valid for
jsonschema's own validator of that draft."""

import time
from typing import Any

import jsonschema
import pytest

from inference.lite.budget import Budget
from inference.lite.errors import LiteError
from inference.lite.filling import Filler
from inference.lite.schema import Schema

DRAFT_4 = {"$schema": "http://json-schema.org/draft-04/schema#"}
DRAFT_7 = {"$schema": "http://json-schema.org/draft-07/schema#"}
DRAFT_2019 = {"$schema": "https://json-schema.org/draft/2019-09/schema"}


def record(**properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def made(schema: Any) -> Any:
    filler = Filler(Schema(schema, "schema", Budget()), lambda *_: (), placeholders=True)
    return filler.make().value


A, B = record(a={"type": "integer"}), record(b={"const": 2})
TREE = record(v={"type": "integer"}, kids={"type": "array", "items": {"$dynamicRef": "#n"}})
CASES: list[tuple[dict[str, Any], object]] = [
    ({"allOf": [A, B], "unevaluatedProperties": False}, {"a": 0, "b": 2}),
    ({"$defs": {"b": B}, "$ref": "#/$defs/b", **A, "unevaluatedProperties": False},
     {"a": 0, "b": 2}),
    ({"type": "object", "required": ["n"], "unevaluatedProperties": {"type": "integer"}}, {"n": 0}),
    ({"type": "array", "minItems": 2, "unevaluatedItems": {"type": "boolean"}}, [False, False]),
    ({"prefixItems": [{"const": 1}], "minItems": 1, "unevaluatedItems": False}, [1]),
    ({"$defs": {"n": {"$dynamicAnchor": "n", **TREE}}, "$ref": "#/$defs/n"}, {"v": 0, "kids": []}),
    ({**DRAFT_7, "type": "array", "items": [{"type": "integer"}, {"type": "boolean"}],
      "additionalItems": False, "minItems": 2}, [0, False]),
    ({**DRAFT_7, **A, "dependencies": {"a": ["c"]}}, {"a": 0, "c": ""}),
    ({**DRAFT_7, **A, "dependencies": {"a": B}}, {"a": 0, "b": 2}),
    ({**DRAFT_7, "definitions": {"P": {"$id": "#p", "enum": ["z"]}}, **record(p={"$ref": "#p"})},
     {"p": "z"}),
    ({**DRAFT_7, **record(items={"const": 1}, dependencies={"const": [1]})},
     {"items": 1, "dependencies": [1]}),
    ({**DRAFT_4, "type": "number", "minimum": 3, "exclusiveMinimum": True}, 4),
    ({**DRAFT_4, "type": "number", "maximum": -3, "exclusiveMaximum": False}, -3),
    ({**DRAFT_2019, **record(v={"const": 1}),
      "properties": {"v": {"const": 1}, "next": {"$recursiveRef": "#"}}}, {"v": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "expected"), CASES)
def test_what_is_made_is_valid_in_the_schemas_own_draft(
    schema: dict[str, Any], expected: object
) -> None:
    value = made(schema)
    own = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    own(schema).validate(value)
    assert value == expected


EITHER = [record(a={}), record(b={})]
BOTH = {"if": {"required": ["a"]}, "then": {"properties": {"b": {}}}, "properties": {"a": {}}}
LATER = {"properties": {"a": {}}, "dependentSchemas": {"a": {"properties": {"b": {}}}}}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({**A, "unevaluatedProperties": False}, {"a": 1, "b": 2}),
        ({"anyOf": EITHER, "unevaluatedProperties": False}, {"a": 1, "b": 1}),
        ({"anyOf": EITHER, "unevaluatedProperties": False}, {"a": 1, "c": 1}),
        ({**BOTH, "unevaluatedProperties": False}, {"a": 1, "b": 1}),
        ({**BOTH, "unevaluatedProperties": False}, {"b": 1}),
        ({**LATER, "unevaluatedProperties": False}, {"a": 1, "b": 1}),
        ({**LATER, "unevaluatedProperties": False}, {"b": 1}),
        ({"patternProperties": {"^x": {}}, "unevaluatedProperties": False}, {"x1": 1}),
        ({"allOf": [{"additionalProperties": {}}], "unevaluatedProperties": False}, {"x": 1}),
        ({"prefixItems": [{}], "unevaluatedItems": False}, [1, 2]),
        ({"allOf": [{"prefixItems": [{}, {}]}], "unevaluatedItems": False}, [1, 2]),
        ({"contains": {"const": 1}, "unevaluatedItems": {"const": 2}}, [1, 2]),
        ({"contains": {"const": 1}, "unevaluatedItems": {"const": 2}}, [1, 3]),
        ({"items": {}, "unevaluatedItems": False}, [1, 3]),
    ],
)
def test_what_is_left_over_is_judged_as_jsonschema_judges_it(schema: Any, value: Any) -> None:
    is_valid = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert (Schema(schema, "schema", Budget()).fault(value) is None) == is_valid


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#", "unevaluatedProperties": False},
        {"$dynamicAnchor": "n", "allOf": [{"$dynamicRef": "#n"}], "unevaluatedItems": False},
        {
            "$defs": {
                **{f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)},
                "d40": {},
            },
            "const": {"a": 1},
            "allOf": [{"$ref": "#/$defs/d0"}],
            "unevaluatedProperties": True,
        },
    ],
)
def test_loops_and_doublings_end_within_the_budget(schema: Any) -> None:
    started = time.monotonic()
    with pytest.raises(LiteError):
        Filler(Schema(schema, "schema", Budget(0.5)), lambda *_: (), placeholders=True).make()
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("broken", [{"items": [5]}, {"dependencies": 5}, {"$id": "#"}])
def test_a_broken_older_schema_is_refused(broken: Any) -> None:
    with pytest.raises(LiteError) as told:
        made(broken)
    assert told.value.status == 400
