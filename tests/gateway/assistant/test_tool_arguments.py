"""A call's arguments: completed from pictures, never invented; and results within bounds."""

import json
from typing import Any

import pytest

from gateway.assistant.tool_arguments import filled, invented, parsed
from gateway.assistant.tool_results import MAX_VALUES, bounded, clean, written
from gateway.media.attachments import Attachment
from gateway.media.picture import Picture
from tests.support.tools import StubTool

FIRST, SECOND = "SF1402857369214", "SF1402857369215"


def picture(message: int, *values: str, **more: Any) -> Attachment:
    """A picture in that message, with fields that read a waybill number."""
    field = {"name": "waybill_number", "confidence": 0.9, "valid": True, **more}
    reading = {"lines": [], "fields": [{**field, "value": value} for value in values]}
    shown = Picture(b"pixels", "image/png", 32, 32, "digest")
    return Attachment((message, 0), [shown], [shown], reading=reading)


@pytest.mark.parametrize(
    ("pictures", "given", "expected"),
    [
        ([picture(0, FIRST)], {}, {"waybill": FIRST}),
        ([picture(0, FIRST)], {"waybill": ""}, {"waybill": FIRST}),
        ([picture(0, FIRST)], {"waybill": SECOND}, {"waybill": SECOND}),
        ([picture(0, FIRST), picture(2, SECOND)], {}, {"waybill": SECOND}),
        ([picture(0, FIRST), picture(2)], {}, {"waybill": FIRST}),
        ([picture(0, FIRST, SECOND)], {}, {}),
        ([picture(0, FIRST), picture(2, FIRST, SECOND)], {}, {}),
        ([picture(0, FIRST), picture(0, SECOND, corrected=True)], {}, {"waybill": SECOND}),
        ([picture(0, FIRST, valid=False)], {}, {}),
        ([picture(0, FIRST, valid=None)], {}, {"waybill": FIRST}),
        ([picture(0, FIRST, confidence=0.5)], {}, {"waybill": FIRST}),
        ([], {}, {}),
    ],
)
def test_a_property_is_filled_from_the_newest_picture_that_has_one_value(
    pictures: list[Attachment], given: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert filled(StubTool("track"), given, pictures) == expected


def test_a_doubtful_value_fills_no_write_and_no_reading_fills_a_secret() -> None:
    doubtful = [picture(0, FIRST, confidence=0.5)]
    assert filled(StubTool("change", "write"), {}, doubtful) == {}
    sure = [picture(0, FIRST)]
    assert filled(StubTool("change", "write"), {}, sure) == {"waybill": FIRST}
    secret = StubTool("change", secrets=frozenset({"waybill"}))
    assert filled(secret, {}, sure) == {}


@pytest.mark.parametrize("effect", ["read", "write"])
def test_only_a_read_leaves_out_what_it_does_not_take(effect: Any) -> None:
    tool = StubTool("track", effect)
    given = {"waybill": FIRST, "order": "QH1"}
    assert filled(tool, given, []) == given, "it may take more"
    tool.parameters = {**tool.parameters, "additionalProperties": False}
    assert filled(tool, given, []) == ({"waybill": FIRST} if effect == "read" else given)


@pytest.mark.parametrize(
    ("value", "said", "expected"),
    [
        (FIRST, "它是 sf 1402 857 369 214", []),
        (FIRST, "SF1402857369215", ["number"]),
        ("杭州市文三路 90 号", "", []),
        ("杭州 310012", "邮编 310012", []),
        ("杭州 310012", "杭州", ["number"]),
        (310012, "邮编 310012", []),
        ("2026-11-29", "明天", []),
        (["QH202611090078126"], "QH202611090078126", []),
        (["QH202611090078126"], "", ["number"]),
    ],
)
def test_an_identifier_must_have_been_said(value: Any, said: str, expected: list[str]) -> None:
    assert invented({"number": value}, said) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        ("[1]", None),
        ("{", None),
        ('{"a": "\\ud800"}', None),
        ("[" * 100_000, None),
        ("1" * 40_000, None),
    ],
)
def test_arguments_are_a_json_object_or_nothing(text: str, value: Any) -> None:
    assert parsed(text) == value


@pytest.mark.parametrize(
    "values",
    [
        {"a": "x" * 1_000_000},
        {"a": ["行" * 500] * 5_000},
        {str(number): {"b": [number] * 100} for number in range(1_000)},
        {"a": [[[[[[[[[["deep"]]]]]]]]]]},
        {"a": 2**70, "b": float("nan"), "c": "\ud800", "d": None, "e": True},
    ],
)
def test_what_a_system_answers_is_cut_to_what_every_parser_takes(values: dict[str, Any]) -> None:
    made = bounded(values)
    assert made
    assert len(written(made)) <= MAX_VALUES
    json.dumps(made, ensure_ascii=False, allow_nan=False).encode("utf-8")


def test_small_values_stay_as_they_are() -> None:
    values = {"status": "运输中", "events": [{"text": "到达", "at": 1764412800}], "open": False}
    assert bounded(values) == values
    assert clean("完") == "完"
