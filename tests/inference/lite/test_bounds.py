"""Bounds of one request to the embedded engine: text, time, lines, depth."""

import random
import time
from typing import Any

import pytest
import requests

from inference.lite.budget import Budget
from inference.lite.compare import MAX_ROWS, differences
from inference.lite.errors import LiteError
from inference.lite.fields import MAX_FIELDS, fields_in, read_fields
from inference.lite.reading import Line, Reading
from tests.support.lite_client import ask, user
from tests.support.servers import Running

LONG_GAP = "status" + " " * 20_000 + "~"
MAX_CHARACTERS = 262_144


def reading(rows: int, width: int, seed: int) -> Reading:
    made = random.Random(seed)
    letters = "abcdefghkmnpqrstuvwxyz0123456789"
    lines = ["".join(made.choices(letters, k=width)) for _ in range(rows)]
    return Reading(
        "", 2000, rows * 20, [Line(text, (0, 20 * row, 1900, 16)) for row, text in enumerate(lines)]
    )


@pytest.mark.parametrize(
    "text",
    [
        LONG_GAP,
        "status : " * 2_000 + " " * 2_000 + "~",
        "a" * 20_000,
        "1" * 20_000,
        "a" + "\u0300" * 10_000 + "\u0316" * 10_000,
        "error code " + "A-" * 10_000 + "!",
        " ".join(f"1{number:010}" for number in range(3_000_000_000, 3_000_002_000)),
    ],
)
def test_hostile_text_is_searched_in_little_time(text: str) -> None:
    started = time.process_time()
    assert len(fields_in(text)) <= MAX_FIELDS
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [user(LONG_GAP), {"role": "assistant", "content": "ok"}, user("what is it?")]},
        {"messages": [user(LONG_GAP)], "response_format": {"type": "json_object"}},
        {"messages": [user("1" * 20_000)], "response_format": {"type": "json_object"}},
    ],
)
@pytest.mark.alone
def test_twenty_thousand_characters_are_answered_at_once(
    lite: Running, body: dict[str, Any]
) -> None:
    started = time.monotonic()
    answer = requests.post(lite.url + "/v1/chat/completions", json=body, timeout=60)
    assert answer.status_code == 200
    assert time.monotonic() - started < 2.5


def test_text_of_eight_contexts_is_answered_and_more_is_refused(lite: Running) -> None:
    assert ask(lite, user("中" * MAX_CHARACTERS)).status_code == 200
    answer = ask(lite, user("中" * (MAX_CHARACTERS - 1)), user("中中"))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "context_length_exceeded"
    assert "context length" in error["message"]
    assert error["details"] == {"limit": MAX_CHARACTERS, "size": MAX_CHARACTERS + 1}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"messages": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "invalid_json"),
        (b'{"messages": [' + b"5," * 200_000 + b"5]}", "invalid_request"),
        (b'{"messages": [' + b"{}," * 400_000 + b"{}]}", "invalid_request"),
        (
            b'{"messages": [{"role": "user", "content": "' + b"a" * 9_000_000 + b'"}]}',
            "context_length_exceeded",
        ),
        (
            b'{"messages": [{"role": "user", "content": "a"}], "x": '
            + b"[" * 200
            + b"]" * 200
            + b"}",
            "invalid_request",
        ),
    ],
)
@pytest.mark.alone
def test_a_body_that_is_too_large_inside_is_refused_before_it_is_parsed(
    lite: Running, content: bytes, code: str
) -> None:
    started = time.monotonic()
    answer = requests.post(lite.url + "/v1/chat/completions", data=content, timeout=30)
    assert time.monotonic() - started < 3
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_two_pages_without_a_common_line_are_compared_in_time() -> None:
    one, two = reading(118, 180, 1), reading(118, 180, 2)
    started = time.process_time()
    assert len(differences(one, two, Budget(60))) >= 118
    assert time.process_time() - started < 4


def test_more_lines_than_can_be_compared_are_refused() -> None:
    page = reading(MAX_ROWS + 1, 10, 1)
    with pytest.raises(LiteError, match=str(MAX_ROWS)):
        differences(page, page, Budget(60))


def test_a_spent_budget_and_a_client_that_left_end_the_work() -> None:
    page = reading(50, 50, 1)
    with pytest.raises(LiteError, match="more than 0 s"):
        differences(page, page, Budget(0))
    left = Budget(60)
    left.cancel()
    with pytest.raises(LiteError, match="left"):
        fields_in("order number QH202611180042317", left)


@pytest.mark.parametrize(
    "lines",
    [
        [Line("购买方", (0, 30 * n, 60, 20)) for n in range(5_000)]
        + [Line("名称:青禾科技公司", (90, 30 * n, 90, 20)) for n in range(5_000)]
        + [Line("增值税电子普通发票", (0, 200_000, 90, 20))],
        [Line("物流跟踪 运单号 已揽收", (0, 0, 90, 20))]
        + [
            Line("派送中" if n % 2 else f"11-{n % 28 + 1:02} 08:10", (40 * n, 90, 30, 20))
            for n in range(8_000)
        ],
        [Line(f"圆通速递 {n}", (0, 30 * n, 60, 20)) for n in range(20_000)],
    ],
    ids=["parties", "scans", "carriers"],
)
def test_many_lines_of_one_sort_take_little_time(lines: list[Line]) -> None:
    started = time.process_time()
    read_fields(lines, (), Budget(60))
    assert time.process_time() - started < 2.5
