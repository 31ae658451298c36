"""POST /v1/fields finds the kind and the fields of lines that need no OCR."""

import time
from contextlib import suppress
from typing import Any

import pytest
import requests

from inference.lite.budget import Budget
from inference.lite.errors import LiteError
from inference.lite.reading import Line
from inference.lite.request import checked
from inference.lite.text_fields import MAX_LINES, found_in, lines_of
from tests.support.servers import Running

ORDER: list[Any] = [
    {"text": "订单详情", "box": [40, 20, 160, 30], "confidence": 1.0},
    {"text": "订单号：QH202611090078126", "box": [40, 80, 420, 24], "confidence": 1.0},
]


def test_the_fields_of_lines_have_their_boxes(lite: Running) -> None:
    answer = requests.post(lite.url + "/v1/fields", json={"lines": ORDER}, timeout=30).json()
    (number,) = [one for one in answer["fields"] if one["name"] == "order_number"]
    assert number["value"] == "QH202611090078126"
    assert number["box"] == [40, 80, 420, 24]
    assert answer["kind"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lines": "all"},
        {"lines": [1]},
        {"lines": [{"box": [0, 0, 1, 1]}]},
        {"lines": [{"text": "a", "box": [1]}]},
        {"lines": [{"text": "a", "box": ["nan", 0, 1, 1]}]},
        {"lines": [{"text": "a", "box": [1e308, 0, 1, 1]}]},
        {"lines": [{"text": "a", "confidence": "inf"}]},
        {"lines": [{"text": "a", "frame": ["a", None, 1, 1]}]},
        {"lines": [{"text": "a"}] * (MAX_LINES + 1)},
    ],
)
def test_what_is_no_list_of_lines_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(LiteError):
        lines_of(body)


@pytest.mark.parametrize(
    "reading",
    [
        {"lines": [{"text": "a", "box": ["inf", 0, 1, 1]}]},
        {"codes": [{"format": "EAN", "text": "a", "box": [0, "nan", 1, 1]}]},
        {"fields": [{"name": "a", "value": "b", "confidence": 2}]},
        {"fields": [{"name": "a", "value": "b", "box": [0, 0, 1e308, 1]}]},
    ],
)
def test_a_reading_with_numbers_that_no_picture_has_is_refused(reading: dict[str, Any]) -> None:
    asked = {"messages": [{"role": "user", "content": "a"}]}
    with pytest.raises(LiteError):
        checked({**asked, "sightdesk": {"readings": [reading]}})


def test_ten_thousand_lines_end_with_the_budget() -> None:
    lines = [
        Line(f"单号 {number} 元 2026-01-01", (0, 30 * number, 90, 20)) for number in range(10_000)
    ]
    started = time.monotonic()
    with suppress(LiteError):
        found_in(lines, Budget(1.0))
    assert time.monotonic() - started < 5
