"""What is nobody's business, hidden before anything is stored: phone, identity card, bank card, e-mail (contract, section 7).

Head and tail stay, so that two people can still say which one is meant. Order and waybill numbers are left alone: a number
right behind such a label is never touched, and a bank card needs the Luhn check *and* a word (or groups of four) that says
card, since one in ten random 16-digit numbers passes the check alone. Masking twice is masking once.
"""

import re
from collections.abc import Callable

NAMED = frozenset(("phone", "id_card", "bank_card", "email"))
LOOK_BACK = 40
LOOK_AHEAD = 12

# Character for character, so that places in the translated text are places in the original.
ASCII = str.maketrans("０１２３４５６７８９＋－–—‑＠．（）：＃＝Ｘｘ\u00a0\u3000", "0123456789+----@.():#=Xx  ")
# PostgreSQL stores no NUL, UTF-8 no half of a surrogate pair.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

# What makes the number behind it somebody's order, not somebody's.
ORDER_LABEL = re.compile(
    r"(?:(?:订单|运单|工单|保单|面单|单|流水|交易|发票|商户|邮件|取件|快递|物流|序列|批)(?:编号|号码|单号|号|码|ID)|订单|运单|工单"
    r"|(?:order|way\s?bill|tracking|awb|invoice|consignment|transaction|ticket|parcel|shipment|serial)\s*(?:no|number|id)?\.?)"
    r"\s*[:#=_]?\s*(?:是|为|is|was)?\s*[:\"'“「]?\s*$",
    re.IGNORECASE,
)
CARD_WORD = re.compile(
    r"银行卡|信用卡|储蓄卡|借记卡|银联|[账帐][号户]|卡(?![住顿死在了着壳机槽])|\b(?:card|iban|visa|mastercard|account)\b",
    re.IGNORECASE,
)
PHONE_LABEL = re.compile(
    r"(?:电话|手机|座机|固话|传真|联系方式|联系|致电|拨打|\b(?:tele)?phone|\btel|\bmobile|\bcell|\bcall|\bwhatsapp|\bfax)"
    r"(?:号码|号|\s?number|\s?no)?\.?\s*[:=]?\s*(?:是|为|is|at|me at|us at)?\s*$",
    re.IGNORECASE,
)
ID_LABEL = re.compile(
    r"(?:身份证|证件|\bid(?:entity)?\s?card)(?:号码|号|\s?number|\s?no)?\.?\s*[:=]?\s*(?:是|为|is)?\s*$", re.I
)
# Lines of companies, not of people.
SERVICE_LINE = re.compile(r"^(?:400|800|95|96|1[012]\d)")

EMAIL = re.compile(r"(?P<local>[A-Za-z0-9._%+-]{1,64})@(?P<domain>[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})")
ID_CARD = re.compile(r"(?<![A-Za-z0-9])(?:\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx]|\d{15})(?![A-Za-z0-9])")
# At most 19 digits; then the plain sixteen, whatever short number stands behind them.
BANK_CARDS = (
    re.compile(r"(?<![A-Za-z0-9])(?<!\d-)(?:\d{4}(?:[ -]?\d{4}){2,3}(?:[ -]?\d{1,3})?|3[47]\d\d[ -]\d{6}[ -]\d{5})(?![A-Za-z0-9])"),
    re.compile(r"(?<![A-Za-z0-9])(?<!\d-)\d{4}(?:[ -]?\d{4}){3}(?![A-Za-z0-9])"),
)  # fmt: skip
IN_FOURS = re.compile(r"(?:[3456]\d{3})(?:[ -]\d{4}){3}(?:[ -]\d{1,3})?")
MOBILE = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=tel)|(?<=phone)|(?<=mobile))(?<![A-Za-z0-9]-)(?<!\d\.)"
    r"(?P<country>(?:\(?(?:\+|00)86\)?[ -]?|\(?86\)?[ -])?)"
    r"(?P<number>1[3-9]\d[ -]?\d{4}[ -]?\d{4}|1[3-9]\d\d[ -]\d{3}[ -]\d{4}|1[3-9]\d{3}[ -]\d{3}[ -]\d{3}|1[3-9]\d\.\d{4}\.\d{4})"
    r"(?![A-Za-z]?\d)(?!\.\d)(?!-\d{4})",
    re.IGNORECASE,
)
# E.164 has 7 to 15 digits; without its + only a word before says that it is a phone.
OTHER_PHONE = re.compile(
    r"(?<![A-Za-z0-9+])(?:\+|\(\+?)?\d(?:[ ().-]{0,2}\d){6,16}(?![A-Za-z]?\d)(?![.,]\d)(?![A-Za-z])"
)


def mask(text: str) -> str:
    """`text` as it may be stored."""
    text = storable(text)
    text = _replaced(text, EMAIL, _email)
    text = _replaced(text, ID_CARD, _id_card)
    for pattern in BANK_CARDS:
        text = _replaced(text, pattern, _bank_card)
    text = _replaced(text, MOBILE, _mobile)
    return _replaced(text, OTHER_PHONE, _other_phone)


def mask_value(name: str, value: str) -> str:
    """The value of a field that was read under this name; what the reader calls a phone is one, whatever its form."""
    value = storable(value)
    if name not in NAMED:
        return value if name in ("order_number", "waybill_number", "invoice_number") else mask(value)
    if "*" in value:
        return value
    return _replaced(value, EMAIL, _email) if name == "email" else _shortened(value, name)


def storable(text: str) -> str:
    return UNSTORABLE.sub("\ufffd", text)


def _replaced(text: str, pattern: re.Pattern[str], hidden: Callable[[re.Match[str]], str | None]) -> str:
    """`text` with what `hidden` makes of each match; None leaves a match alone."""
    parts: list[str] = []
    end = 0
    for match in pattern.finditer(text.translate(ASCII)):
        made = hidden(match)
        if made is not None:
            parts += (text[end : match.start()], made)
            end = match.end()
    return "".join([*parts, text[end:]]) if parts else text


def _email(match: re.Match[str]) -> str:
    return f"{match['local'][0]}***@{match['domain']}"


def _id_card(match: re.Match[str]) -> str | None:
    number = re.sub(r"[ -]", "", match.group())
    before = _before(match)
    known = bool(ID_LABEL.search(before)) or (id_card(number) and not ORDER_LABEL.search(before))
    return _shortened(number, "id_card") if known else None


def _bank_card(match: re.Match[str]) -> str | None:
    digits = re.sub(r"\D", "", match.group())
    if not 13 <= len(digits) <= 19 or not luhn(digits):
        return None
    before, after = _before(match), match.string[match.end() : match.end() + LOOK_AHEAD]
    if ORDER_LABEL.search(before):
        return None
    says_card = CARD_WORD.search(before) or CARD_WORD.search(after) or IN_FOURS.fullmatch(match.group())
    return _shortened(digits, "bank_card") if says_card else None


def _mobile(match: re.Match[str]) -> str | None:
    if ORDER_LABEL.search(_before(match)):
        return None
    return match["country"] + _shortened(match["number"], "phone")


def _other_phone(match: re.Match[str]) -> str | None:
    digits = re.sub(r"\D", "", match.group())
    international = match.group().startswith("+") and 10 <= len(digits) <= 15
    named = 7 <= len(digits) <= 15 and not SERVICE_LINE.match(digits) and bool(PHONE_LABEL.search(_before(match)))
    if not (international or named) or ORDER_LABEL.search(_before(match)):
        return None
    return ("+" if "+" in match.group() else "") + _shortened(digits, "phone")


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - LOOK_BACK) : match.start()]


def _shortened(value: str, name: str) -> str:
    """138****5678, 110***********123X, 6222***********0123: at least four characters are hidden where there are that many."""
    value = re.sub(r"[^0-9Xx+]" if name == "id_card" else r"\D", "", value.translate(ASCII))
    head = 4 if name == "bank_card" else 3
    tail = 4 if len(value) >= 10 else 2
    head = max(1, min(head, len(value) - tail - 4))
    return value[:head] + "*" * max(4, len(value) - head - tail) + value[-tail:]


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = (sum(divmod(int(digit) * 2, 10)) if place % 2 else int(digit) for place, digit in enumerate(number[::-1]))
    return sum(doubled) % 10 == 0


def id_card(number: str) -> bool:
    """GB 11643-1999: a province, a date of birth, and ISO 7064 MOD 11-2 over 17 digits."""
    form = r"[1-8]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
    if not re.fullmatch(form, number):
        return False
    remainder = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(number[:17])) % 11
    return "10X98765432"[remainder] == number[17].upper()
