"""Rules that make a number or date plausible: check digits (python-stdnum) and ranges."""

import re

from stdnum import luhn
from stdnum.cn import ric, uscc


def is_bank_card(number: str) -> bool:
    """ISO/IEC 7812-1, annex B (Luhn). Separators are ignored."""
    return luhn.is_valid(re.sub(r"\D", "", number))


def is_id_card(number: str) -> bool:
    """GB 11643-1999: 17 digits and their ISO 7064 MOD 11-2 check digit."""
    number = number.upper()
    return bool(re.fullmatch(r"\d{17}[\dX]", number)) and ric.calc_check_digit(number) == number[-1]


def is_credit_code(number: str) -> bool:
    """GB 32100-2015: the unified social credit code's MOD 31-3 check digit.

    Unlike `uscc.is_valid` this takes letters in front, which some registrars use.
    """
    try:
        return len(number) == 18 and uscc.calc_check_digit(number[:-1]) == number[-1]
    except ValueError:  # a character that no code has
        return False


def is_date(text: str) -> bool:
    """Year, month and day in plausible ranges, in this order."""
    digits = [int(part) for part in re.findall(r"\d+", text)]
    return (
        len(digits) == 3
        and 1900 <= digits[0] <= 2200
        and 1 <= digits[1] <= 12
        and 1 <= digits[2] <= 31
    )
