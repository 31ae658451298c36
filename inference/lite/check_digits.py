"""Rules that make a number or date plausible: check digits (python-stdnum) and ranges."""

import re
from datetime import date

from stdnum import luhn
from stdnum.cn import ric, uscc

from inference.lite.dates import parts

S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


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


def is_s10(number: str) -> bool:
    """UPU S10: two letters, eight digits, their check digit (modulo 11), a country."""
    digits = number[2:11]
    if len(number) != 13 or not digits.isdecimal():
        return False
    left = 11 - sum(int(d) * weight for d, weight in zip(digits, S10_WEIGHTS, strict=False)) % 11
    return int(digits[8]) == {10: 0, 11: 5}.get(left, left)


def is_ups(number: str) -> bool:
    """UPS 1Z: letters count (code - 63) mod 10, every second place counts double, modulo 10."""
    if len(number) != 18 or not number.startswith("1Z") or not number[-1].isdecimal():
        return False
    values = [int(c) if c.isdecimal() else (ord(c) - 63) % 10 for c in number[2:-1]]
    return (-sum(values[::2]) - 2 * sum(values[1::2])) % 10 == int(number[-1])


def is_fedex(number: str) -> bool:
    """FedEx: 12 digits by the weights 3 1 7 modulo 11 (Express), 15 modulo 10 (Ground)."""
    if not number.isdecimal() or len(number) not in (12, 15):
        return False
    digits, last = [int(d) for d in number[:-1]], int(number[-1])
    if len(number) == 12:
        return sum(d * (3, 1, 7)[place % 3] for place, d in enumerate(digits)) % 11 % 10 == last
    backwards = digits[::-1]
    return (-3 * sum(backwards[::2]) - sum(backwards[1::2])) % 10 == last


def is_dhl(number: str) -> bool:
    """DHL Express: the tenth digit is the first nine modulo 7."""
    return len(number) == 10 and number.isdecimal() and int(number[:9]) % 7 == int(number[9])


def is_date(text: str) -> bool:
    """A day of the calendar; what follows it, such as a time, is not looked at."""
    digits = parts(text)[:3]
    if len(digits) < 3 or not 1900 <= digits[0] <= 2200:
        return False
    try:
        date(*digits)
    except ValueError:
        return False
    return True
