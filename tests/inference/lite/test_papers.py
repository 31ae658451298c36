"""The reader on papers and screens as people send them: turned, tilted, far away, blurred."""

import itertools
from typing import Any

import pytest
import requests

from inference.lite.reading import from_json, rows
from tests.support.degrade import DEGRADATIONS
from tests.support.paths import DATA, SCREENS
from tests.support.servers import Running

ORDER = (
    ("订单编号", "QH202611090078126"),
    ("下单时间", "2026-11-09 10:32"),
    ("实付金额", "¥469.00"),
    ("快递单号", "YT8836201457790"),
)


def read(lite: Running, data: bytes) -> dict[str, Any]:
    answer = requests.post(
        lite.url + "/v1/read", data=data, headers={"content-type": "image/png"}, timeout=100
    )
    assert answer.status_code == 200, answer.text
    reading: dict[str, Any] = answer.json()
    return reading


def paper(name: str) -> bytes:
    return (DATA / "papers" / f"{name}.png").read_bytes()


def screen(name: str, how: str = "clean") -> bytes:
    return DEGRADATIONS[how]((SCREENS / f"{name}.png").read_bytes())


def row_texts(reading: dict[str, Any]) -> list[tuple[str, ...]]:
    lines = from_json(reading).lines
    return [tuple(line.text for line in row) for row in rows(lines)]


@pytest.mark.parametrize(
    ("how", "turned"),
    [
        ("tilt 10", 0),
        ("tilt -20", 0),
        ("tilt 30", 0),
        ("perspective", 0),
        ("phone photo", 0),
        ("turned 90", 270),
        ("turned 180", 180),
        ("turned 270", 90),
        ("turned 90 and tilted", 270),
        ("dark mode", 0),
        ("pale", 0),
        ("white on transparent", 0),
        ("720 px wide", 0),
        ("4K desktop", 0),
        ("long page", 0),
    ],
)
def test_each_label_stands_beside_its_value_however_a_screen_is_sent(
    lite: Running, how: str, turned: int
) -> None:
    reading = read(lite, screen("order", how))
    found = row_texts(reading)
    assert [pair for pair in ORDER if pair not in found] == []
    assert (reading["turned"], reading["legible"]) == (turned, True)


def test_boxes_lie_in_the_picture_as_it_was_sent(lite: Running) -> None:
    reading = read(lite, screen("order", "turned 90"))
    (number,) = (line for line in reading["lines"] if line["text"] == "QH202611090078126")
    left, top, width, height = number["box"]
    assert (reading["width"], reading["height"]) == (768, 1366)
    assert 768 - 200 < left + width / 2 < 768 - 180
    assert 440 < top < 470
    assert height > 4 * width


def test_a_level_screen_has_no_frames(lite: Running) -> None:
    assert all("frame" not in line for line in read(lite, screen("order"))["lines"])


@pytest.mark.parametrize("how", ["360 px wide", "motion 9", "defocus 3", "nearly black"])
def test_text_that_nobody_can_read_is_called_illegible(lite: Running, how: str) -> None:
    assert read(lite, screen("invoice", how))["legible"] is False


def test_a_long_page_has_no_line_twice(lite: Running) -> None:
    lines = read(lite, screen("order", "long page"))["lines"]
    places = sorted((line["box"][1], line["text"]) for line in lines)
    twice = [
        (one, two)
        for one, two in itertools.pairwise(places)
        if one[1] == two[1] and two[0] - one[0] < 40
    ]
    assert len(lines) > 25
    assert twice == []


def test_a_number_that_only_a_barcode_carries_is_read(lite: Running) -> None:
    codes = read(lite, paper("03_barcode_only_yto"))["codes"]
    assert {(code["format"], code["text"]) for code in codes} == {("Code 128", "YT8836201457790")}
    assert [95, 248, 600, 125] <= codes[0]["box"] <= [100, 255, 610, 135]


def test_a_waybill_that_lies_on_its_side_is_read(lite: Running) -> None:
    reading = read(lite, paper("06_waybill_rot90"))
    assert reading["turned"] == 90
    assert ("运单号", "SF1402857369214", "寄件地", "浙江省杭州市") in row_texts(reading)


def test_a_printed_number_in_groups_and_its_barcode_are_read(lite: Running) -> None:
    reading = read(lite, paper("02_paper_label_sf_spaced"))
    assert "SF 1402 857 369 214" in [line["text"] for line in reading["lines"]]
    assert [code["text"] for code in reading["codes"]] == ["SF1402857369214"]


def test_white_letters_of_a_screen_on_nothing_are_read(lite: Running) -> None:
    assert ORDER[0] in row_texts(read(lite, paper("13_white_on_transparent")))
