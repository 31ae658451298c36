"""Corrected fields are stored masked, by what the field is."""

import pytest

from gateway.storage.field_values import MAX_VALUE, StoredValue, masked_value


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("phone", "66778899", "66****99"),
        ("waybill_number", "6222021234567890128", "6222021234567890128"),
        ("order_number", "6222021234567890128", "6222021234567890128"),
        ("bank_card", "6222021234567890128", "6222***********0128"),
        ("company", "电话 13812345678", "电话 138****5678"),
    ],
)
def test_a_value_is_masked_by_its_name(name: str, value: str, stored: str) -> None:
    made = masked_value(StoredValue("file-1", name, value, value))
    assert (made.value, made.was) == (stored, stored)


def test_a_value_that_masking_lengthens_still_fits() -> None:
    made = masked_value(StoredValue("file-1", "email", "a@b.co " * 71, ""))
    assert len(made.value) <= MAX_VALUE
