"""Where lines lie to each other on tilted pages and pages in perspective."""

import math

import numpy as np
import pytest

from inference.lite.direction import along, main_angle, quarter
from inference.lite.finding import Corners
from inference.lite.layout import frames
from inference.lite.reading import Line, below, beside, from_json, in_rows, rows


def box(x: float, y: float, width: float = 120, height: float = 20) -> Corners:
    return np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.float32)


def rotated(corners: Corners, degrees: float) -> Corners:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.asarray(corners @ np.array([(cosine, sine), (-sine, cosine)]), np.float32)


TABLE = [box(x, y) for y in range(100, 500, 40) for x in (100, 500, 900)]


def lines_of(boxes: list[Corners]) -> list[Line]:
    angle = main_angle(boxes)
    level = [along(one, angle) for one in boxes]
    return [
        Line(str(number), (0, 0, 1, 1), 1.0, frame)
        for number, frame in enumerate(frames(level, angle))
    ]


@pytest.mark.parametrize("degrees", [3, 10, 30, 44, -8, -20, -40])
def test_the_rows_of_a_tilted_table_hold_its_cells(degrees: float) -> None:
    lines = lines_of([rotated(one, degrees) for one in TABLE])
    found = [[int(line.text) for line in row] for row in rows(lines)]
    assert found == [[row, row + 1, row + 2] for row in range(0, 30, 3)]


def test_the_rows_of_a_table_in_perspective_hold_its_cells() -> None:
    def seen(corners: Corners) -> Corners:
        depth = 1 + corners[:, :1] * 0.0004
        return np.asarray(corners / depth, np.float32)

    found = [[int(line.text) for line in row] for row in rows(lines_of([*map(seen, TABLE)]))]
    assert found == [[row, row + 1, row + 2] for row in range(0, 30, 3)]


def test_a_level_page_keeps_its_boxes() -> None:
    assert frames(TABLE, 0.2) == [None] * len(TABLE)
    assert frames([], 10) == []


@pytest.mark.parametrize(("degrees", "turn"), [(0, 0), (90, 270), (180, 180), (-90, 90), (20, 0)])
def test_a_turn_is_the_one_that_makes_text_upright(degrees: float, turn: int) -> None:
    assert quarter(degrees) == turn


def test_a_single_character_does_not_decide_the_direction() -> None:
    boxes = [rotated(one, 12) for one in TABLE] + [box(0, 0, 12, 30)] * 40
    assert abs(main_angle(boxes) - 12) < 1


def test_values_are_found_beside_and_below_a_label() -> None:
    label = Line("订单编号", (100, 100, 80, 20))
    value = Line("QH1", (300, 104, 90, 22))
    under = Line("下一行", (110, 130, 60, 20))
    far = Line("页脚", (100, 400, 60, 20))
    lines = [far, under, value, label]
    assert beside(label, lines) == [value]
    assert below(label, lines) == [under]
    assert in_rows(lines) == [label, value, under, far]


def test_a_reading_keeps_frames_codes_and_kind_through_json() -> None:
    body = {
        "image": "sha256:1",
        "width": 9,
        "height": 9,
        "kind": "waybill",
        "turned": 90,
        "legible": False,
        "lines": [{"text": "a", "box": [1, 2, 3, 4], "confidence": 1.0, "frame": [1.5, 2, 3, 4]}],
        "fields": [{"name": "amount", "value": "1", "box": [0, 0, 1, 1], "corrected": True}],
        "codes": [{"format": "QR Code", "text": "x", "box": [0, 0, 5, 5]}],
    }
    reading = from_json(body)
    assert from_json(reading.as_json()) == reading
    assert (reading.kind, reading.turned, reading.legible) == ("waybill", 90, False)
    assert list(reading.lines[0].place) == [1.5, 2, 3, 4]
    assert reading.fields[0].corrected
    assert (reading.kind, reading.turned) == ("waybill", 90)
    assert not reading.legible
