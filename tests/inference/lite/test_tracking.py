"""Tracking lines: newest first, the newest is the state, and none is an arrival date."""

import pytest

from inference.lite.fields import read_fields
from inference.lite.reading import Line
from tests.inference.lite.papers.lines import paper, values

SCANS = [
    "2026-11-18 09:00 | 已揽收",
    "2026-11-19 23:10 | 已到达杭州转运中心",
    "2026-11-20 08:10 | 派送中",
]
NEWEST_FIRST = [
    "2026-11-20 08:10 派送中",
    "2026-11-19 23:10 已到达杭州转运中心",
    "2026-11-18 09:00 已揽收",
]


@pytest.mark.parametrize("rows", [SCANS, SCANS[::-1]])
def test_the_newest_scan_comes_first_in_whatever_order_they_are_written(rows: list[str]) -> None:
    kind, fields = read_fields(paper("物流跟踪", *rows))
    assert kind == "waybill"
    assert values(fields, "event") == NEWEST_FIRST
    assert values(fields, "status") == ["派送中"]


def test_no_scan_is_a_date_and_a_labelled_date_stays_one() -> None:
    fields = read_fields(paper("运单号 SF1402857369214", *SCANS, "签收时间: 2026-11-20 17:02"))[1]
    dates = [(one.value, one.label) for one in fields if one.name == "date"]
    assert dates == [("2026-11-20 17:02", "签收时间")]


def test_a_time_below_its_day_and_words_in_two_rows_make_one_scan() -> None:
    lines = [
        Line("物流详情", (40, 20, 120, 30)),
        Line("11-21", (40, 100, 70, 26)),
        Line("派送中", (170, 100, 80, 28)),
        Line("09:14", (40, 132, 70, 26)),
        Line("苏州营业部正在派件", (170, 134, 260, 26)),
        Line("11-20", (40, 220, 70, 26)),
        Line("已揽收", (170, 220, 80, 28)),
        Line("18:06", (40, 252, 70, 26)),
        Line("宁波北仑已收件", (170, 254, 220, 26)),
    ]
    assert values(read_fields(lines)[1], "event") == [
        "11-21 09:14 派送中 苏州营业部正在派件",
        "11-20 18:06 已揽收 宁波北仑已收件",
    ]


@pytest.mark.parametrize("contact", ["Contact +49 30 901820", "客服热线 95311"])
def test_a_contact_below_a_scan_is_no_part_of_it(contact: str) -> None:
    lines = [
        Line("Tracking number 00340434161094027318", (40, 20, 420, 28)),
        Line("2026-11-20 08:10 Out for delivery", (40, 100, 420, 26)),
        Line("Berlin depot", (40, 130, 200, 26)),
        Line(contact, (40, 160, 300, 26)),
    ]
    assert values(read_fields(lines)[1], "event") == [
        "2026-11-20 08:10 Out for delivery Berlin depot"
    ]


def test_words_over_their_time_belong_to_it() -> None:
    lines = [
        Line("中通快递78601234567890", (29, 96, 344, 30)),
        Line("[成都市]快件已到达成都转运中心", (30, 157, 394, 31)),
        Line("2026-11-20 18:42:07", (28, 196, 224, 31)),
        Line("[杭州市]快件已从杭州发出", (30, 260, 394, 31)),
        Line("2026-11-19 08:00:00", (28, 299, 224, 31)),
    ]
    assert values(read_fields(lines)[1], "event") == [
        "2026-11-20 18:42:07 [成都市]快件已到达成都转运中心",
        "2026-11-19 08:00:00 [杭州市]快件已从杭州发出",
    ]


def test_an_order_date_is_no_scan() -> None:
    fields = read_fields(
        paper("订单详情", "订单编号 | QH202611090078126", "2026-11-09 10:32 | 已下单")
    )[1]
    assert values(fields, "event") == []
    assert values(fields, "date") == ["2026-11-09 10:32"]


def test_today_is_newer_than_yesterday_and_any_day_with_a_number() -> None:
    rows = ("11-27 21:14 | 到达长沙", "今天 07:52 | 派件中", "昨天 23:40 | 离开东莞")
    fields = read_fields(paper("物流详情", *rows))[1]
    assert values(fields, "event") == [
        "今天 07:52 派件中",
        "昨天 23:40 离开东莞",
        "11-27 21:14 到达长沙",
    ]


def test_american_dates_and_times_are_put_in_order() -> None:
    rows = (
        "Date | Time | Activity",
        "11/26/2026 | 8:47 P.M. | Departed from Facility",
        "11/27/2026 | 12:02 A.M. | Arrived at Facility",
        "11/27/2026 | 4:18 A.M. | Departed from Facility, Louisville",
    )
    kind, fields = read_fields(paper("UPS On the Way", *rows))
    assert kind == "waybill"
    assert values(fields, "event") == [
        "11/27/2026 4:18 A.M. Departed from Facility, Louisville",
        "11/27/2026 12:02 A.M. Arrived at Facility",
        "11/26/2026 8:47 P.M. Departed from Facility",
    ]


def test_a_weekday_and_am_in_another_line_belong_to_the_time() -> None:
    rows = (
        "FedEx Tracking ID: 794651208837",
        "Fri, 11/27/2026 10:42 AM | Delivered | PORTLAND, OR",
        "Thu, 11/26/2026 9:03 PM | At local FedEx facility | TROUTDALE, OR",
    )
    _, fields = read_fields(paper(*rows))
    assert values(fields, "event")[0] == "11/27/2026 10:42 AM Delivered PORTLAND, OR"
