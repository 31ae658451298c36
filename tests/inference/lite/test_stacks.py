"""Labels with their values below: cards, boarding passes, forms beside tables; and what is none."""

import math

import pytest

from inference.lite.answering.pairs import pairs_of
from inference.lite.fields import read_fields
from inference.lite.layout import frames
from inference.lite.reading import Line, Reading
from inference.lite.stacks import is_form, is_known_label, stacks

Cells = list[tuple[float, float, str, float]]  # (x, y, text, height)


def lines(cells: Cells) -> list[Line]:
    return [
        Line(text, (round(x), round(y), round(len(text) * height * 0.6), round(height)))
        for x, y, text, height in cells
    ]


def grid(columns: float, *rows: list[tuple[str, str]], x: float = 40, y: float = 100) -> Cells:
    """Cards: a small label, 6 pixels below it a value, then 40 pixels of nothing."""
    made: Cells = []
    for number, row in enumerate(rows):
        top = y + 96 * number
        for place, (label, value) in enumerate(row):
            made += [(x + columns * place, top, label, 20)]
            made += [(x + columns * place, top + 26, value, 30)]
    return made


def found(made: list[Line]) -> dict[str, str]:
    return {one.label.text: " ".join(line.text for line in one.values) for one in stacks(made)}


BOOKING = grid(
    300,
    [("CHECK-IN", "Fri 4 Dec 2026"), ("CHECK-OUT", "Sun 6 Dec 2026"), ("GUESTS", "2 adults")],
    [("CONFIRMATION NUMBER", "HW-88213-Q"), ("ROOM TYPE", "Garden double"), ("CITY TAX", "£6.40")],
)
TRAIN = grid(
    260,
    [("出发 From", "杭州东"), ("到达 To", "温州南"), ("车次 Train", "G7657")],
    [("出发时间", "09:42"), ("检票口", "A12B"), ("座位", "07车12F号")],
)
ACCOUNT = grid(
    340,
    [("可用余额（元）", "12,306.55"), ("冻结金额（元）", "800.00")],
    [("开户行", "浙商银行城西支行"), ("本月支出", "3,218.40")],
)


@pytest.mark.parametrize("cells", [BOOKING, TRAIN, ACCOUNT])
@pytest.mark.parametrize("degrees", [0, 8])
def test_cards_are_labels_with_their_values_below(cells: Cells, degrees: float) -> None:
    straight = lines(cells)
    made = straight
    if degrees:
        made = [_tilted(one, degrees) for one in straight]
        assert made[0].frame is not None
    expected = {one.text: two.text for one, two in zip(straight[::2], straight[1::2], strict=True)}
    assert found(made) == expected


def _tilted(line: Line, degrees: float) -> Line:
    """As on a tilted photo: the box is in the picture, the frame is level again."""
    import numpy as np

    x, y, width, height = line.box
    turn = math.radians(degrees)
    matrix = np.array([(math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))])
    corners = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)]) @ matrix
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    box = (round(left), round(top), round(right - left), round(bottom - top))
    origin = np.array([(0, 0), (900, 0), (900, 1), (0, 1)]) @ matrix  # a line that shows the slope
    level = frames([corners, origin], degrees)[0]
    return Line(line.text, box, 1.0, level)


def test_a_form_beside_a_table_keeps_its_values() -> None:
    stack = [("Weight", "3.20 kg"), ("Received by", "M. Arden"), ("Left at", "Reception")]
    form = [(40.0, 100.0 + 56 * n + 22 * k, text, 20.0) for n, pair in enumerate(stack)
            for k, text in enumerate(pair)]  # fmt: skip
    table = [
        (600.0 + 160 * place, 102.0 + 44 * row, text, 20.0)
        for row, cells in enumerate(
            (
                ("Place", "Date", "Activity"),
                ("Leeds", "21 Nov", "Arrival scan"),
                ("York", "22 Nov", "Departed"),
                ("York", "23 Nov", "Delivered"),
            )
        )
        for place, text in enumerate(cells)
    ]
    assert found(lines(form + table)) == dict(stack)
    pairs = {one.label: one.value for one in pairs_of(Reading("a", 1, 1, lines(form + table)))}
    assert pairs["Weight"] == "3.20 kg"


def test_an_address_goes_over_lines_and_a_value_over_boxes() -> None:
    block: Cells = [
        (40, 100, "SHIP TO", 20), (40, 124, "Ines Okoro", 22), (40, 150, "7 Mill Lane", 22),
        (40, 176, "York YO1 9XX", 22), (340, 100, "卡号", 20), (340, 124, "6222", 22),
        (400, 124, "****", 22), (460, 124, "0913", 22),
    ]  # fmt: skip
    made = {one.label: one.value for one in pairs_of(Reading("a", 1, 1, lines(block)))}
    assert made == {"SHIP TO": "Ines Okoro, 7 Mill Lane, York YO1 9XX", "卡号": "6222 **** 0913"}


@pytest.mark.parametrize(
    "rows",
    [
        [("编号", "型号", "重量"), ("001", "QX-20", "3.5"), ("002", "QX-35", "4.8")],
        [
            ("Date", "Amount", "Balance"),
            ("21 Nov", "£5.00", "£95.00"),
            ("22 Nov", "£7.10", "£87.9"),
        ],
        [("下单时间", "2026-11-20"), ("支付方式", "零钱"), ("收货人", "何苗"), ("重量", "2 kg")],
        [("Carrier", "Corvid Express"), ("Weight", "3.2 kg"), ("Received by", "M. Arden")],
        [("付款方式", "零钱"), ("交易单号", "4200001")],
    ],
)
def test_tables_and_forms_of_two_columns_have_no_values_below(rows: list[tuple[str, ...]]) -> None:
    made = [
        (40.0 + 200 * place, 100.0 + 36 * row, text, 24.0)
        for row, cells in enumerate(rows)
        for place, text in enumerate(cells)
    ]
    assert found(lines(made)) == {}


def test_a_field_takes_the_value_below_its_label_and_not_the_next_column() -> None:
    cells = grid(400, [("TRACKING NUMBER", "RM 4471 9082 6 GB"), ("ORDER NUMBER", "HP-448172")])
    fields = {one.name: one.value for one in read_fields(lines(cells))[1]}
    assert fields["order_number"] == "HP-448172"


def test_a_row_of_labels_and_values_in_turn_is_a_form() -> None:
    assert is_form(["户名", "青田木作坊", "户名", "东升五金厂"])
    assert not is_form(["品名", "规格", "单位", "数量"])
    made = [(40.0 + 200 * place, 100.0 + 50 * row, text, 24.0) for row, cells in enumerate((
        ("户名", "青田木作坊", "户名", "东升五金厂"), ("账号", "6230 4408", "账号", "4405 0916"),
    )) for place, text in enumerate(cells)]  # fmt: skip
    pairs = [(one.label, one.value) for one in pairs_of(Reading("a", 1, 1, lines(made)))]
    assert pairs == [
        ("户名", "青田木作坊"),
        ("户名", "东升五金厂"),
        ("账号", "6230 4408"),
        ("账号", "4405 0916"),
    ]


@pytest.mark.parametrize(
    "label", ["登机时间BDT", "付款方式", "Received By", "可用余额（元）", "舱位 CLASS"]
)
def test_papers_put_such_words_before_values(label: str) -> None:
    assert is_known_label(label)


@pytest.mark.parametrize(
    "text", ["寄付月结", "M. Arden", "13:35", "已部分退款（¥39.90）", "杭州东"]
)
def test_values_are_no_labels(text: str) -> None:
    assert not is_known_label(text)
