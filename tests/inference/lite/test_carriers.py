"""Waybill numbers: found where they stand, and never a phone, an order or a date."""

import pytest

from inference.lite.fields import fields_in, read_fields
from tests.inference.lite.papers.lines import first, paper, values


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("中通快递78601234567890", "78601234567890"),
        ("圆通速递YT8836201457790", "YT8836201457790"),
        ("申通快递773188204617559", "773188204617559"),
        ("韵达速递 4312889012345", "4312889012345"),
        ("京东物流JDVA16820397451", "JDVA16820397451"),
        ("EMS EB 104 827 364 CN", "EB104827364CN"),
        ("极兔速递JT5219047736218", "JT5219047736218"),
        ("德邦DPK364019827755", "DPK364019827755"),
        ("UPS 1Z 5R8 939 03 5756 7127", "1Z5R89390357567127"),
        ("FedEx 7748 9590 2136", "774895902136"),
        ("DHL 40 2817 3656", "4028173656"),
        ("SF 1402 857 369 214 标快", "SF1402857369214"),
        ("单号SF1402857369214", "SF1402857369214"),
        ("运单号:JDX012345678901-1-1-", "JDX012345678901"),
    ],
)
def test_a_number_is_found_joined_to_chinese_letters_and_in_spaced_groups(
    text: str, number: str
) -> None:
    found = first(fields_in(text), "waybill_number")
    assert found is not None
    assert (found.value, found.valid) == (number, True)


@pytest.mark.parametrize(
    "text",
    [
        "顺丰速运 客服 057188886666",
        "中通快递 13912345678 2026-11-20 18:42:07",
        "中通快递 2026-11-2018:42:07",
        "申通快递 订单号 3904718826150047",
        "申通快递 订单号 773188204617559",
        "德邦 4008305555",
        "运单号 2026-11-09",
        "78601234567890",
        "ITEMS 1108877665544",
        "圆通速递 ¥1,234,567,890.00",
    ],
)
def test_phones_orders_dates_and_digits_without_a_carrier_are_no_waybill_numbers(text: str) -> None:
    assert values(fields_in(text), "waybill_number") == []


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("tracking # 1Z5R89390357567127", True),
        ("tracking # 1Z5R89390357567128", False),
        ("邮件号 EB104827364CN", True),
        ("邮件号 EB104827365CN", False),
        ("FedEx TRK# 774895902136", True),
        ("FedEx TRK# 774895902137", False),
        ("DHL waybill 4028173656", True),
        ("DHL waybill 4028173657", False),
        ("运单号 SF1402857369214", True),
        ("运单号 SF14028573692I4", False),
        ("运单号 SF14028573692", False),
        ("运单号 AB1234567890", None),
    ],
)
def test_valid_means_a_carriers_form_and_its_check_digit(text: str, valid: bool | None) -> None:
    found = first(fields_in(text), "waybill_number")
    assert found is not None
    assert found.valid is valid


def test_a_misread_letter_is_repaired_with_doubt_where_only_digits_can_stand() -> None:
    found = first(read_fields(paper("顺丰速运", "运单号 SF14028573692I4"))[1], "waybill_number")
    assert found is not None
    assert (found.value, found.valid) == ("SF1402857369214", None)
    assert found.confidence <= 0.5


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("TRACKING # 1Z5R8939O357567127", "1Z5R89390357567127"),
        ("EMS EB1O4827364CN", "EB104827364CN"),
    ],
)
def test_a_misread_letter_that_a_check_digit_proves_is_valid(text: str, number: str) -> None:
    found = first(read_fields(paper(text))[1], "waybill_number")
    assert found is not None
    assert (found.value, found.valid) == (number, True)
