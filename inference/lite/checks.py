"""Named rules of fields.yaml: whether a value can be right. None: no rule says."""

import re
from collections.abc import Callable

from stdnum import luhn

from inference.lite import check_digits

Check = Callable[[str], bool | None]

PHONE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0\d{9,11}|[48]00\d{7}")
DAY = re.compile(r"(?:19|20)\d{2}[-/.年]?(?:0?[1-9]|1[0-2])[-/.月]?(?:0?[1-9]|[12]\d|3[01])日?")
LETTERS_IN_DIGITS = re.compile(r"\d[OIlSB]\d|\d{3}[OIlSB](?![A-Z])")


def is_order_number(value: str) -> bool:
    """Four digits at least, and neither a date nor a phone number.

    A letter that looks like a digit between digits (O, I, S, B) makes it doubtful.
    """
    bare = re.sub(r"[-_ ]", "", value)
    return (
        sum(character.isdigit() for character in value) >= 4
        and not DAY.fullmatch(value)
        and not DAY.fullmatch(bare)
        and not PHONE.fullmatch(bare)
        and not LETTERS_IN_DIGITS.search(value)
    )


def is_invoice_number(value: str) -> bool:
    """Eight digits, or twenty on a full-digital e-invoice; foreign numbers have letters."""
    return len(value) in (8, 20) or not value.isdigit()


def is_invoice_code(value: str) -> bool:
    return value.isdigit() and len(value) in (10, 12)


def is_tax_number(value: str) -> bool | None:
    """GB 32100-2015 for 18 characters; the older 15 and 20 have no check digit."""
    if len(value) == 18:
        return check_digits.is_credit_code(value)
    return None if len(value) in (15, 20) and value.isalnum() else False


def is_phone(value: str) -> bool | None:
    bare = re.sub(r"[ -]", "", value)
    return None if "*" in bare else bool(PHONE.fullmatch(bare) or LANDLINE.fullmatch(bare))


def is_money(value: str) -> bool | None:
    """Digits with at most two decimals say little: None, until a sum proves it."""
    return None if any(character.isdigit() for character in value) else False


def is_luhn(value: str) -> bool:
    return luhn.is_valid(re.sub(r"\D", "", value)) if re.search(r"\d", value) else False


CHECKS: dict[str, Check] = {
    "order_number": is_order_number,
    "invoice_number": is_invoice_number,
    "invoice_code": is_invoice_code,
    "tax_number": is_tax_number,
    "phone": is_phone,
    "money": is_money,
    "date": check_digits.is_date,
    "bank_card": check_digits.is_bank_card,
    "id_card": check_digits.is_id_card,
    "luhn": is_luhn,
    "s10": check_digits.is_s10,
    "ups": check_digits.is_ups,
    "fedex": check_digits.is_fedex,
    "dhl": check_digits.is_dhl,
}
# A value that fails one of these is another thing altogether and is not taken.
DECISIVE = frozenset(("invoice_code", "money"))
