"""The readings of tiles become one: a line in the overlap of two tiles is there once."""

import time
from dataclasses import replace
from typing import Any

from gateway.assistant.field_corrections import CorrectedField, apply_corrections
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


def test_a_whole_reading_shares_nothing_with_the_readings_that_are_remembered() -> None:
    """A person's corrections change the whole reading; the remembered one is everybody's."""
    read = {"lines": [line("QH1", 10, 10)], "fields": [{"name": "a", "value": "QH1"}]}
    whole = whole_reading("picture", [tile(0)], [read])
    whole["lines"][0]["text"] = whole["fields"][0]["value"] = "changed"
    assert read["lines"][0]["text"] == read["fields"][0]["value"] == "QH1"


def test_a_reading_tells_its_page_and_a_field_whether_a_person_corrected_it() -> None:
    read = {"lines": [], "fields": [{"name": "a", "value": "1"}]}
    third = replace(tile(0), page=3)
    told = [whole_reading("picture", [one], [read]) for one in (tile(0), third)]
    assert [one["page"] for one in told] == [1, 3]
    (field,) = told[0]["fields"]
    assert field["corrected"] is False
    apply_corrections(told, [CorrectedField("picture", "a", "2")])
    assert told[0]["fields"] == [
        {"name": "a", "value": "2", "confidence": 1.0, "valid": None, "corrected": True}
    ]


def test_ten_thousand_equal_words_are_merged_at_once() -> None:
    words = [line("a", left, top) for top in range(0, 2000, 20) for left in range(0, 1000, 20)]
    started = time.process_time()
    whole = whole_reading("picture", [tile(0), tile(2000)], [{"lines": words}, {"lines": words}])
    assert time.process_time() - started < 3
    assert len(whole["lines"]) == 2 * len(words)


def test_a_line_that_two_tiles_read_differently_is_there_once() -> None:
    """Each tile reads 0 or O its own way, and the boxes differ by some pixels."""
    first = {"lines": [line("first only", 10, 1700), line("QH2O2611", 10, 1850)]}
    second = {"lines": [line("QH202611", 14, 56), line("second only", 10, 300)]}
    whole = whole_reading("picture", [tile(0), tile(1800)], [first, second])
    assert [entry["text"] for entry in whole["lines"]] == ["first only", "QH2O2611", "second only"]


def test_a_line_that_the_edge_of_a_tile_cuts_comes_from_the_tile_that_has_it_whole() -> None:
    cut = {"text": "Tota1", "box": [10, 1990, 100, 10], "confidence": 0.6}
    first = {"lines": [line("before", 10, 1700), cut]}
    second = {"lines": [line("Total 88.50", 10, 190), line("behind", 10, 400)]}
    whole = whole_reading("picture", [tile(0), tile(1800)], [first, second])
    assert [entry["text"] for entry in whole["lines"]] == ["before", "Total 88.50", "behind"]


def test_dense_lines_without_a_gap_are_all_there_and_once() -> None:
    """Boxes that touch each other leave no gap for the seam."""
    first = {"lines": [line(f"row {top}", 10, top) for top in range(0, 1985, 15)]}
    second = {
        "lines": [line(f"row {top}", 10, top - 1800) for top in range(0, 3600, 15) if top >= 1815]
    }
    whole = whole_reading("picture", [tile(0), tile(1800)], [first, second])
    assert [entry["text"] for entry in whole["lines"]] == [
        f"row {top}" for top in range(0, 3600, 15)
    ]


def test_kind_legibility_and_codes_of_the_tiles_become_one() -> None:
    code = {"format": "QR Code", "text": "01,10,…", "box": [10, 1900, 90, 90]}
    again = {**code, "box": [10, 100, 90, 90]}
    readings: list[dict[str, Any]] = [
        {"lines": [], "kind": "other", "legible": False, "codes": [code]},
        {"lines": [], "kind": "invoice", "legible": True, "codes": [again]},
    ]
    whole = whole_reading("picture", [tile(0), tile(1800)], [*readings])
    assert (whole["kind"], whole["legible"], len(whole["codes"])) == ("invoice", True, 1)
    assert whole["partial"] is False
    part = whole_reading("picture", [tile(0), tile(1800)], [readings[0], None])
    assert (part["legible"], part["partial"]) == (False, True)


def test_one_picture_keeps_what_its_reader_says() -> None:
    reading = {"lines": [], "kind": "waybill", "legible": True, "turned": 90, "partial": True}
    whole = whole_reading("picture", [tile(0)], [reading])
    assert (whole["kind"], whole["turned"], whole["partial"]) == ("waybill", 90, True)
