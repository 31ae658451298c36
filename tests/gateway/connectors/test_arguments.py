"""Arguments are checked against the file's schema, in bounded time."""

import json
import time
from typing import Any

import pytest
import yaml

from gateway.connectors.arguments import ArgumentSchema
from gateway.connectors.field_names import FIELD_NAMES
from gateway.connectors.problems import Wrong
from gateway.connectors.tool import WrongArguments
from tests.support.paths import DATA, ROOT


def wrong(schema: dict[str, Any], arguments: dict[str, Any]) -> WrongArguments:
    with pytest.raises(WrongArguments) as raised:
        ArgumentSchema(schema).check(arguments)
    return raised.value


def of(**properties: Any) -> dict[str, Any]:
    return {"properties": properties, "required": list(properties)}


def test_the_names_of_fields_are_the_readers() -> None:
    fields = yaml.safe_load((ROOT / "inference" / "lite" / "fields.yaml").read_text("utf-8"))
    named = {name: (one["zh"], one["en"]) for name, one in fields["fields"].items()}
    assert dict(FIELD_NAMES) == named


def test_a_property_is_called_by_its_title_else_by_the_field_that_fills_it() -> None:
    schema = of(
        order={"type": "string", "x-field": "order_number", "title": "Order"},
        waybill={"type": "string", "x-field": "waybill_number"},
        own={"type": "string", "x-field": "member_number"},
    )
    made = ArgumentSchema(schema)
    assert [made.label_of(name, "zh") for name in schema["properties"]] == [
        "Order",
        "运单号",
        "own",
    ]
    assert made.label_of("waybill", "en") == "waybill number"


def test_missing_properties_are_told_in_the_schemas_order() -> None:
    found = wrong(of(order={"type": "string"}, reason={"type": "string"}), {"order": None})
    assert found.missing == ["order", "reason"]
    assert found.problems == ["order is missing", "reason is missing"]


def test_each_problem_names_its_property() -> None:
    schema = of(order={"type": "string", "pattern": "^QH\\d+$"}, n={"type": "integer"})
    found = wrong(schema, {"order": "X", "n": "many", "more": 1})
    assert found.problems[0].startswith("order: 'X' does not have the form")
    assert "n: 'many' is not of type 'integer'" in found.problems
    assert "there is no property 'more'" in found.problems


def test_the_value_of_a_secret_is_not_told() -> None:
    schema = of(pin={"type": "string", "pattern": "^[0-9]{4}$", "x-secret": True})
    found = wrong(schema, {"pin": "my secret word"})
    assert found.problems == ["pin: it is not valid"]


FORMATS = json.loads((DATA / "schema_formats.json").read_text("utf-8"))


@pytest.mark.parametrize(("kind", "value", "is_valid"), FORMATS)
def test_formats_are_checked_as_lite_checks_them(kind: str, value: str, is_valid: bool) -> None:
    schema = of(a={"type": "string", "format": kind})
    if is_valid:
        ArgumentSchema(schema).check({"a": value})
    else:
        wrong(schema, {"a": value})


def test_a_pattern_that_would_backtrack_for_ever_is_quick() -> None:
    schema = ArgumentSchema(of(a={"type": "string", "pattern": "^(a+)+$"}))
    started = time.process_time()
    with pytest.raises(WrongArguments):
        schema.check({"a": "a" * 9000 + "!"})
    assert time.process_time() - started < 0.5


def test_a_schema_of_alternatives_inside_each_other_ends() -> None:
    part: dict[str, Any] = {"type": "string"}
    for _ in range(10):
        part = {"oneOf": [part, {"allOf": [part, part]}]}
    started = time.process_time()
    with pytest.raises((WrongArguments, Wrong)):
        ArgumentSchema(of(a=part)).check({"a": 3})
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "value",
    ["x" * 20_000, float("nan"), object(), {"a": {"a": {"a": [[[[[[[[[[1]]]]]]]]]]}}}],
)
def test_arguments_that_are_too_large_or_no_json_are_refused(value: Any) -> None:
    wrong({"properties": {"a": {}}}, {"a": value})


def test_numbers_beyond_a_float_are_no_crash() -> None:
    schema = ArgumentSchema(of(a={"type": "number", "multipleOf": 0.1}))
    with pytest.raises(WrongArguments):
        schema.check({"a": 10**4000})


def test_references_inside_of_the_schema_are_put_in_their_place() -> None:
    schema = {
        "$defs": {"id": {"type": "string", "minLength": 3}},
        "properties": {"order": {"$ref": "#/$defs/id"}},
    }
    made = ArgumentSchema(schema)
    assert made.public["properties"] == {"order": {"type": "string", "minLength": 3}}
    with pytest.raises(WrongArguments):
        made.check({"order": "x"})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array"},
        {"properties": []},
        {"properties": {"a": 3}},
        {"properties": {"a": {"type": "strin"}}},
        {"required": ["a"]},
        {"properties": {"a": {"x-secret": "yes"}}},
        {"unevaluatedProperties": False},
        {"properties": {str(n): {} for n in range(65)}},
    ],
)
def test_what_is_no_schema_for_arguments_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(Wrong):
        ArgumentSchema(schema)


@pytest.mark.parametrize(
    "more",
    [{"anyOf": [{"required": ["b"]}]}, {"not": {"required": ["pin"]}}, {"maxProperties": 0}],
)
def test_a_rule_for_all_arguments_does_not_quote_the_secret_ones(more: dict[str, Any]) -> None:
    schema = {"properties": {"pin": {"x-secret": True}, "b": {}}, **more}
    found = wrong(schema, {"pin": "4711-secret"})
    assert found.problems
    assert "4711" not in str(found)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "object", "properties": {"pin": {"type": "string", "x-secret": True}}},
        {"type": "array", "items": {"type": "string", "x-secret": True}},
    ],
)
def test_a_secret_inside_of_a_property_is_refused_since_it_would_not_be_kept(
    part: dict[str, Any],
) -> None:
    with pytest.raises(Wrong, match="secret"):
        ArgumentSchema(of(card=part))


def test_data_in_a_schema_may_look_like_a_mark() -> None:
    schema = ArgumentSchema(of(a={"type": "object", "default": {"x-secret": True}}))
    assert schema.secrets == frozenset()
