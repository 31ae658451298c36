"""Rules that numbers must obey: check digits and forms."""

import re


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, character in enumerate(reversed(number)):
        digit = int(character)
        if place % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


def id_card(number: str) -> bool:
    """GB 11643-1999: ISO 7064 MOD 11-2 over 17 digits."""
    if not re.fullmatch(r"\d{17}[\dXx]", number):
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    remainder = (
        sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False)) % 11
    )
    return "10X98765432"[remainder] == number[17].upper()


def credit_code(number: str) -> bool:
    """GB 32100-2015: the unified social credit code, MOD 31-3."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if len(number) != 18 or any(character not in alphabet for character in number):
        return False
    total = sum(
        alphabet.index(character) * pow(3, place, 31) for place, character in enumerate(number[:17])
    )
    return alphabet[(31 - total % 31) % 31] == number[17]


def date(text: str) -> bool:
    digits = [int(part) for part in re.findall(r"\d+", text)]
    return (
        len(digits) == 3
        and 1900 <= digits[0] <= 2200
        and 1 <= digits[1] <= 12
        and 1 <= digits[2] <= 31
    )
