"""A read's "no" in the forms in which systems write it."""

from typing import Any

import pytest

from inference.lite.answering.acting.verdicts import says_no

CANCEL = frozenset(["cancel"])


@pytest.mark.parametrize(
    "value", [False, "false", "False", "no", "NO", "否", "不可以", "不能。", 0]
)
def test_a_no_stops_the_write_in_every_form(value: Any) -> None:
    assert says_no({"can_cancel": value}, CANCEL)
    assert says_no({"order": {"能否取消": value}}, CANCEL)


@pytest.mark.parametrize("value", [True, "true", "yes", "可以", 1, None, "", "not yet known"])
def test_what_is_no_no_stops_nothing(value: Any) -> None:
    assert not says_no({"can_cancel": value}, CANCEL)


def test_a_sum_of_nothing_is_no_verdict() -> None:
    assert not says_no({"available": 0, "payable": 0}, CANCEL)
