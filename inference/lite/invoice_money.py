"""Amounts of money: as numbers, in Chinese capital numerals, and as sums."""

import re
from decimal import Decimal

MONEY = re.compile(r"(?<![\d.,])-?(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,15})(?:\.\d{1,2})?(?![\d%])")
CAPITALS = re.compile(r"[零壹贰叁肆伍陆柒捌玖拾佰仟万亿圆元角分整正]{3,40}")
DIGITS = {character: value for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES = {"拾": 10, "佰": 100, "仟": 1_000}
CENTS = {"角": Decimal("0.1"), "分": Decimal("0.01")}


def money(text: str) -> Decimal | None:
    """The first amount in a text."""
    match = MONEY.search(text)
    return Decimal(match.group(0).replace(",", "")) if match else None


def same_money(one: str, two: str) -> bool:
    return money(one) is not None and money(one) == money(two)


def in_capitals(text: str) -> Decimal | None:
    """The amount that a text writes in capital numerals: 壹仟陆佰圆整 is 1600."""
    match = CAPITALS.search(text)
    if match is None or not any(unit in match.group(0) for unit in "圆元"):
        return None
    whole, group, digit, cents = 0, 0, 0, Decimal(0)
    for character in match.group(0):
        if character in DIGITS:
            digit = DIGITS[character]
        elif character in PLACES:
            group, digit = group + (digit or 1) * PLACES[character], 0
        elif character == "万":
            whole, group, digit = whole + (group + digit) * 10_000, 0, 0
        elif character == "亿":
            whole, group, digit = (whole + group + digit) * 100_000_000, 0, 0
        elif character in "圆元":
            whole, group, digit = whole + group + digit, 0, 0
        elif character in CENTS:
            cents, digit = cents + digit * CENTS[character], 0
    return whole + cents
