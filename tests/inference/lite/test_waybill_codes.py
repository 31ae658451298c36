"""A waybill's barcode gives, confirms or corrects its number."""

import time

import pytest

from inference.lite.budget import Budget
from inference.lite.fields import fields_within, read_fields
from tests.inference.lite.papers.lines import barcode, first, paper, values


def test_a_barcode_gives_a_number_that_is_nowhere_written() -> None:
    kind, fields = read_fields(paper("圆通速递"), [barcode("YT8836201457790")] * 2)
    assert (kind, values(fields, "waybill_number")) == ("waybill", ["YT8836201457790"])
    found = first(fields, "waybill_number")
    assert found is not None
    assert found.confidence == 0.98


def test_a_barcode_confirms_the_number_that_was_read() -> None:
    found = first(
        read_fields(paper("运单号 YT8836201457790"), [barcode("YT8836201457790")])[1],
        "waybill_number",
    )
    assert found is not None
    assert (found.label, found.confidence) == ("运单号", 1.0)


def test_a_barcode_decides_where_the_ocr_misread_and_the_confidence_says_so() -> None:
    fields = read_fields(paper("运单号 YT8836201457190"), [barcode("YT8836201457790")])[1]
    assert values(fields, "waybill_number") == ["YT8836201457790"]
    found = first(fields, "waybill_number")
    assert found is not None
    assert found.confidence == 0.9


def test_the_barcode_of_goods_is_no_waybill_number() -> None:
    lines = paper("韵达快递 寄件")
    assert (
        values(read_fields(lines, [barcode("6901234567892", "EAN-13")])[1], "waybill_number") == []
    )


def test_an_address_in_a_qr_code_is_a_url() -> None:
    fields = read_fields(paper("扫码查看"), [barcode("https://qinghe.example/t/1", "QR Code")])[1]
    assert values(fields, "url") == ["https://qinghe.example/t/1"]


@pytest.mark.parametrize("text", ["A " * 950, "1 " * 950, "1A " * 630, "12345678 " * 210])
def test_codes_full_of_short_groups_take_little_time(text: str) -> None:
    codes = [barcode(f"{number} {text}", "QR Code") for number in range(4)]
    started = time.process_time()
    read_fields(paper("圆通速递"), codes)
    assert time.process_time() - started < 1


def test_a_number_behind_many_groups_of_letters_is_found() -> None:
    codes = [barcode("A " * 200 + "YT8836201457790", "QR Code")]
    fields = read_fields(paper("圆通速递"), codes)[1]
    assert values(fields, "waybill_number") == ["YT8836201457790"]


def test_a_spent_budget_leaves_a_picture_without_a_kind_and_is_no_error() -> None:
    budget = Budget()
    budget.cancel()
    assert fields_within(paper("运单号 YT8836201457790"), [], budget) == ("other", [])
