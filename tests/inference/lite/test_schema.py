"""`response_format` and tools: answers are valid against the schema, or the error says why not."""

import contextlib
import json
import threading
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
from hypothesis import HealthCheck, given, settings

from inference.lite.budget import Budget
from inference.lite.dialects import modern
from inference.lite.errors import LiteError
from inference.lite.filling import Filler
from inference.lite.patterns import compiled, matches
from inference.lite.sample import sample
from inference.lite.schema import Schema
from tests.support.json_schemas import schemas
from tests.support.lite_client import ask, said, user, wait_for_embedding
from tests.support.paths import DATA
from tests.support.servers import Running, running

CASES = DATA / "schemas"
ORDER = "订单号：QH202611180042317，实付款：¥88.50，电话 13812345678，日期 2026年11月9日"


def case(lite: Running, name: str) -> Any:
    body = json.loads((CASES / f"{name}.json").read_text())
    answer = requests.post(lite.url + "/v1/chat/completions", json=body, timeout=20)
    assert answer.status_code == 200
    return body, answer.json()["choices"][0]["message"]


def formatted(lite: Running, schema: object, text: str = ORDER) -> requests.Response:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    return ask(lite, user(text), response_format=wanted)


def tool(parameters: object, name: str = "track") -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def record(**properties: object) -> dict[str, Any]:
    """An object in OpenAI's strict form: everything is required, nothing else allowed."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


FORMATS = json.loads((DATA / "schema_formats.json").read_text("utf-8"))


@pytest.mark.parametrize(("kind", "value", "is_valid"), FORMATS)
def test_formats_are_checked_as_the_gateway_checks_them(
    kind: str, value: str, is_valid: bool
) -> None:
    schema = Schema({"type": "string", "format": kind}, "schema", Budget())
    assert (schema.fault(value) is None) == is_valid


def test_references_constants_and_nulls_are_kept_to(lite: Running) -> None:
    body, message = case(lite, "schema-ref")
    made = json.loads(message["content"])
    jsonschema.validate(made, body["response_format"]["json_schema"]["schema"])
    assert made["count"] is None
    assert made["kind"] == "order"


def test_an_amount_with_cents_never_becomes_an_integer_without_its_point(lite: Running) -> None:
    _, message = case(lite, "tool-integer-amount")
    calls = message.get("tool_calls") or []
    assert all(json.loads(call["function"]["arguments"])["amount"] in (88, 89) for call in calls)


def test_an_optional_parameter_that_is_not_found_is_null(lite: Running) -> None:
    _, message = case(lite, "tool-nullable")
    [call] = message["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"waybill": "SF1234567890123", "note": None}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            record(
                order_id={"type": "string"},
                amount={"type": "number"},
                phone={"type": ["string", "null"]},
            ),
            {"order_id": "QH202611180042317", "amount": 88.5, "phone": "13812345678"},
        ),
        (record(date={"type": "string", "format": "date"}), {"date": "2026-11-09"}),
        (record(amount={"anyOf": [{"type": "integer"}, {"type": "null"}]}), {"amount": None}),
        (
            {"type": "array", "items": {"type": "string", "description": "order numbers"}},
            ["QH202611180042317"],
        ),
        ({"type": "array", "items": record(phone={"type": "string"})}, [{"phone": "13812345678"}]),
        ({"type": "integer", "minimum": 3, "multipleOf": 7}, 7),
        ({"type": "integer", "exclusiveMaximum": -7, "multipleOf": 7}, -14),
        ({"type": "boolean"}, False),
        ({"const": {"a": [1]}}, {"a": [1]}),
        ({"enum": ["paid", "shipped", None]}, None),
        (
            record(kind={"const": "order"}, id={"type": "string", "pattern": "^X\\d{3}$"}),
            {"kind": "order", "id": "X000"},
        ),
        ({"type": "string", "pattern": "^x", "minLength": 3, "maxLength": 4}, "x--"),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}], "items": False, "minItems": 1},
            [0],
        ),
        (
            {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
            [0, 1, -1],
        ),
        (
            {
                "type": "array",
                "contains": {"const": 5},
                "items": {"type": "integer"},
                "minItems": 2,
            },
            [5, 0],
        ),
        (
            {
                "$defs": {"N": record(next={"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]})},
                "$ref": "#/$defs/N",
            },
            {"next": None},
        ),
        (
            {
                "allOf": [
                    {
                        "type": "object",
                        "properties": {"a": {"type": "integer", "minimum": 3}},
                        "required": ["a"],
                    },
                    {"properties": {"a": {"maximum": 3}}},
                ]
            },
            {"a": 3},
        ),
        ({"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 0}]}, -1),
        (record(when={"type": "string", "format": "date-time"}), {"when": "1970-01-01T00:00:00Z"}),
        (
            {
                "properties": {"k": {"enum": ["a"]}},
                "required": ["k"],
                "if": {"properties": {"k": {"const": "a"}}},
                "then": {"required": ["z"], "properties": {"z": {"type": "integer"}}},
            },
            {"k": "a", "z": 0},
        ),
    ],
)
def test_what_is_made_is_valid_and_holds_what_was_found(
    lite: Running, schema: Any, expected: object
) -> None:
    made = json.loads(said(formatted(lite, schema)))
    jsonschema.validate(made, schema, format_checker=jsonschema.FormatChecker())
    assert made == expected


LONG_CHAIN: dict[str, Any] = {
    f"d{n}": {"oneOf": [{"$ref": f"#/$defs/d{n + 1}"}]} for n in range(300)
}
LONG_CHAIN["d300"] = {"not": {}}
DEEP: Any = {}
for _ in range(200):
    DEEP = {"allOf": [DEEP]}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"properties": {"a": 5}}, "properties.a"),
        ({"type": "foo"}, "'foo'"),
        ({"$ref": "#/$defs/none"}, "$ref"),
        ({"$ref": "http://127.0.0.1:9/schema"}, "$ref"),
        ({"$ref": "#"}, "refers to itself"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "no value"),
        (DEEP, "nested deeper than 100"),
        ({"type": "string", "pattern": "(?<=a)b"}, "pattern"),
        ({"type": "string", "pattern": "(a)\\1"}, "pattern"),
        ({"type": "string", "pattern": "a" * 501}, "500"),
        ({"patternProperties": {"(": {}}}, "patternProperties"),
        ({"type": "integer", "minimum": 2, "maximum": 1}, "no value"),
        ({"type": "array", "minItems": 1_000_000}, "10000"),
        ({"required": 5}, "required"),
        ({"allOf": [{"$ref": "#"}], "unevaluatedProperties": False}, "refers to itself"),
        ({"$defs": LONG_CHAIN, "$ref": "#/$defs/d0"}, "nested deeper"),
        ({"not": {"$ref": "#"}}, "refers to itself"),
    ],
)
def test_a_schema_that_cannot_be_used_is_its_callers_fault(
    lite: Running, schema: Any, told: str
) -> None:
    error = formatted(lite, schema)
    assert error.status_code == 400
    assert told in error.json()["error"]["message"]
    answer = ask(lite, user(ORDER), tools=[tool(schema)])
    assert answer.status_code in (200, 400)  # a tool that cannot be filled is not called
    assert "tool_calls" not in answer.text


def test_a_tool_is_named_in_the_error_about_its_parameters(lite: Running) -> None:
    broken = tool({"type": "object", "properties": {"no": {"type": "string", "pattern": "(?=x)"}}})
    error = ask(lite, user("hi"), tools=[tool({}), broken]).json()["error"]
    assert error["param"] == "tools.1.function.parameters"
    assert "properties.no.pattern" in error["message"]


def test_arguments_that_break_the_tools_schema_are_not_sent(lite: Running) -> None:
    limited = {
        "type": "object",
        "properties": {"amount": {"type": "number", "maximum": 50}},
        "required": ["amount"],
    }
    answer = ask(
        lite, user("请退款，金额 88.50 元"), tools=[tool(limited, "refund")], tool_choice="required"
    )
    assert "tool_calls" not in answer.json()["choices"][0]["message"]


def doubling() -> dict[str, Any]:
    """A schema of 2 KB whose check takes 2 to the 40th steps."""
    defs: dict[str, Any] = {
        f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)
    }
    return {"$defs": {**defs, "d40": {}}, "$ref": "#/$defs/d0"}


def test_a_request_ends_when_its_time_is_up_and_names_the_limit() -> None:
    with running("inference.lite", {"LITE_SECONDS": "1"}) as lite:
        started = time.monotonic()
        answer = formatted(lite, doubling())
        assert answer.status_code == 400
        assert answer.json()["error"]["details"] == {"limit_seconds": 1.0}
        assert time.monotonic() - started < 5
        assert requests.get(lite.url + "/health", timeout=2).status_code == 200


def test_work_whose_client_left_ends_and_others_are_answered_meanwhile() -> None:
    with running("inference.lite", {"LITE_SECONDS": "60"}) as lite:
        wait_for_embedding(lite)
        for _ in range(8):
            with pytest.raises(requests.Timeout):
                wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": doubling()}}
                body: dict[str, Any] = {"messages": [user("hi")], "response_format": wanted}
                requests.post(lite.url + "/v1/chat/completions", json=body, timeout=0.3)
        time.sleep(1)
        before = _cpu(lite)
        time.sleep(1)
        assert _cpu(lite) - before < 0.5
        assert ask(lite, user("hi")).status_code == 200


def _cpu(server: Running) -> float:
    """Seconds of processor time that a server has used."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_health_is_answered_within_the_gateways_time_while_four_requests_work(
    lite: Running,
) -> None:
    threads = [threading.Thread(target=formatted, args=(lite, doubling())) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            assert requests.get(lite.url + "/v1/models", timeout=0.6).status_code == 200
            time.sleep(0.1)
    finally:
        for thread in threads:
            thread.join()


def test_a_named_dialect_does_not_bring_backtracking_patterns_back(lite: Running) -> None:
    dialect = "https://json-schema.org/draft/2020-12/schema"
    started = time.monotonic()
    schema = {"$schema": dialect, "const": "a" * 300, "pattern": "^(a|aa)+d$"}
    assert formatted(lite, schema).status_code == 400
    parts = {
        "properties": {"a": {"$schema": dialect, "const": "a" * 300, "pattern": "^(a|aa)+d$"}},
        "required": ["a"],
    }
    assert formatted(lite, parts).status_code == 400
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    "schema",
    [
        {"const": [{"a": number} for number in range(15_000)], "uniqueItems": True},
        {
            "allOf": [
                {"enum": [{"a": n} for n in range(10_000)]},
                {"enum": [{"a": -n} for n in range(1, 10_000)]},
            ]
        },
        {
            "properties": {f"p{n}": {} for n in range(10_000)},
            "required": [f"p{n}" for n in range(10_000)],
        },
        {
            "const": {f"k{n}": 1 for n in range(5_000)},
            "patternProperties": {f"^x{n}": {} for n in range(500)},
        },
        {
            "$defs": {f"d{n}": {"$anchor": f"a{n}", "$ref": f"#a{n + 1}"} for n in range(2_000)},
            "$ref": "#a0",
        },
    ],
)
def test_no_step_over_a_large_schema_is_longer_than_the_budget(schema: Any) -> None:
    started = time.monotonic()
    with contextlib.suppress(LiteError):
        Filler(
            Schema(schema, "schema", Budget(0.5)), lambda _name, _shape: (), placeholders=True
        ).make()
    assert time.monotonic() - started < 4


@given(schemas())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_schema_is_answered_or_refused(lite: Running, schema: Any) -> None:
    answer = formatted(lite, schema)
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        jsonschema.Draft202012Validator(modern(schema)).validate(json.loads(said(answer)))
    assert ask(lite, user(ORDER), tools=[tool(schema)], tool_choice="required").status_code in (
        200,
        400,
    )


@pytest.mark.parametrize(
    "pattern",
    [
        r"^QH\d{15}$", r"^[A-Z]{2,4}-[^0-9]+$", r"(?:a|b)*c", r"\p{Han}{2}", r"^[一-龥]{2,}$",
        "[[:alpha:]]{3}", r"^(?P<x>ab){2}[^\]]x{2,3}?$", r"[\u4e00-\u9fa5]+", "(?i)abc",
        r"\x41\x{42}", "[]a]", r"^\S+@\S+\.\S+$", r"^(\([0-9]{3}\))?[0-9]{3}-[0-9]{4}$", r"\d\b",
    ],
)  # fmt: skip
def test_a_placeholder_matches_its_pattern(pattern: str) -> None:
    assert all(matches(pattern, sample(pattern, more)) for more in (0, 1, 3))


def test_a_pattern_that_takes_time_in_other_engines_takes_none_here() -> None:
    started = time.process_time()
    assert not matches("^(a|aa)+d$", "a" * 20_000)
    assert time.process_time() - started < 1
    with pytest.raises(ValueError, match="too large"):
        compiled(r"(?:\pL{1,100}){9}y")
