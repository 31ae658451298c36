"""Hostile tools and schemas: slow patterns, malformed and endless schemas, clients that leave."""

from functools import partial
from typing import Any

from benchmarks.stall.attack import Attack, Request, chat, sends

PATTERNS = ("(a|aa)+d", "(a+)+$", r"^(\w+\s?)*$", "(.*)*x", "(?=a)(a*)*b", r"(a*)\1+$")
DEEP = 150  # json's writer is limited by Python's recursion
WORDS = "a" * 300 + "! d"


def attacks() -> list[Attack]:
    return [*patterns(), *malformed(), *left()]


def patterns() -> list[Attack]:
    found = [
        sends("budget", f"tools with {pattern}", partial(list, [_matching(pattern)] * 4))
        for pattern in PATTERNS
    ]
    many = "|".join("a" * size + "b" for size in range(1, 30))
    found.append(sends("budget", "tools with 32 × 45 long patterns", lambda: [_matching(many)] * 4))
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "pattern": "(a|aa)+d"}},
        "required": ["a"],
    }
    found.append(sends("budget", "a schema with (a|aa)+d", lambda: [_formatted(schema, WORDS)] * 4))
    return found


def malformed() -> list[Attack]:
    deep: Any = {"type": "string"}
    for _ in range(DEEP):
        deep = {"allOf": [deep]}
    schemas: dict[str, Any] = {
        "properties that are a number": {"properties": {"a": 5}},
        "a type that is none": {"type": "nothing"},
        "a reference to itself": {"$ref": "#"},
        "references in a ring": {
            "$ref": "#/$defs/a",
            "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
        },
        "a reference elsewhere": {"$ref": "http://127.0.0.1:9/schema"},
        f"allOf {DEEP} deep": deep,
        "a million items": {
            "type": "array",
            "items": {"type": "array", "minItems": 1000},
            "minItems": 1000,
        },
        "what nothing fits": {"allOf": [{"type": "string"}, {"type": "integer"}]},
        "a huge multiple": {"type": "integer", "multipleOf": 1e308, "minimum": 1},
    }
    return [
        sends("schema", f"{name}, eight at once", partial(list, [_formatted(schema, "hi")] * 8))
        for name, schema in schemas.items()
    ]


def left() -> list[Attack]:
    turns = []
    for number in range(60):
        turns += [
            {"role": "user", "content": f"{WORDS}{number}"},
            {"role": "assistant", "content": "ok"},
        ]
    turns.append({"role": "user", "content": WORDS})
    tools = _tools("(a|aa)+d")
    return [
        sends(
            "budget",
            "twelve that leave after 1 s",
            lambda: [chat(turns, tools=tools)] * 12,
            leave_after=1,
        ),
        sends(
            "budget",
            "fifty that leave at once",
            lambda: [chat("退货" * 50_000)] * 50,
            leave_after=0.05,
        ),
    ]


def _tools(pattern: str) -> list[dict[str, Any]]:
    properties = {f"p{number}": {"type": "string", "pattern": pattern} for number in range(20)}
    return [
        {
            "type": "function",
            "function": {"name": f"f{number}", "parameters": {"properties": properties}},
        }
        for number in range(16)
    ]


def _matching(pattern: str) -> Request:
    return chat(WORDS, tools=_tools(pattern[:60]), tool_choice="required")


def _formatted(schema: dict[str, Any], words: str) -> Request:
    return chat(
        words,
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
    )
