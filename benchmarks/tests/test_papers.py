"""`make bench-papers` counts what is right, and what is wrong without a doubt said."""

from typing import Any

from benchmarks.papers import FIELDS, Row, false_fields, summary


def reading(*fields: tuple[str, str, float, bool | None], **more: Any) -> dict[str, Any]:
    names = ("name", "value", "confidence", "valid")
    return {"fields": [dict(zip(names, each, strict=True)) for each in fields], **more}


def test_there_are_seven_screens_with_eighteen_fields() -> None:
    assert len(FIELDS) == 7
    assert sum(map(len, FIELDS.values())) == 18


def test_right_values_count_in_any_way_of_writing_them() -> None:
    row = Row()
    read = reading(
        ("invoice_number", "26332000000187405931", 0.9, None),
        ("amount", "￥1,600.01", 0.9, None),
        ("buyer_tax_number", "91330106MA2K4TXN7C", 0.9, True),
        ("date", "2026年11月12日", 0.9, None),
    )
    row.take("invoice", read, 0.5)
    assert (row.right, row.wanted, row.wrong, row.faults) == (4, 4, 0, [])


def test_a_wrong_number_counts_unless_a_doubt_is_said() -> None:
    assert false_fields("waybill", reading(("waybill_number", "SF1402857369215", 0.9, None)))
    assert false_fields("waybill", reading(("amount", "¥2.40", 0.9, None))), "there is no amount"
    doubts = (
        reading(("waybill_number", "SF1402857369215", 0.9, False)),
        reading(("waybill_number", "SF1402857369215", 0.5, None)),
        reading(("waybill_number", "SF1402857369215", 0.9, None), legible=False),
        reading(("waybill_number", "SF1402857369215", 0.9, None), partial=True),
        reading(("date", "2026-01-01", 0.9, None)),
    )
    assert [false_fields("waybill", each) for each in doubts] == [[]] * len(doubts)


def test_the_summary_keeps_pictures_that_nobody_can_read_apart() -> None:
    rows = {"clean": Row(right=9, wanted=10), "defocus 3": Row(right=0, wanted=10, wrong=1)}
    rows["defocus 3"].seconds, rows["defocus 3"].unreadable = [1.0, 1.0], 1
    assert [figure for _, figure, _ in summary(rows)] == ["90.0%", "5.0%", "1 of 2"]
