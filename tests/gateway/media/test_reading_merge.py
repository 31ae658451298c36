"""The readings of tiles become one: a line in the overlap of two tiles is there once."""

import time
from typing import Any

from gateway.media.picture import Picture
from gateway.media.reading_merge import whole_reading


def tile(top: int) -> Picture:
    return Picture(b"", "image/png", 1000, 2000, str(top), origin=(0, top))


def line(text: str, left: int, top: int) -> dict[str, Any]:
    return {"text": text, "box": [left, top, 100, 20], "confidence": 0.9}


def test_a_line_in_the_overlap_is_there_once_and_equal_words_elsewhere_stay() -> None:
    first = {"lines": [line("total", 10, 1900), line("88.50", 10, 100)], "fields": []}
    second = {"lines": [line("total", 18, 105), line("88.50", 10, 400)], "fields": []}
    whole = whole_reading("picture", [tile(0), tile(1800)], [first, second])
    assert [(entry["text"], entry["box"][1]) for entry in whole["lines"]] == [
        ("total", 1900),
        ("88.50", 100),
        ("88.50", 2200),
    ]


def test_ten_thousand_equal_words_are_merged_at_once() -> None:
    words = [line("a", left, top) for top in range(0, 2000, 20) for left in range(0, 1000, 20)]
    started = time.process_time()
    whole = whole_reading("picture", [tile(0), tile(2000)], [{"lines": words}, {"lines": words}])
    assert time.process_time() - started < 3
    assert len(whole["lines"]) == 2 * len(words)
