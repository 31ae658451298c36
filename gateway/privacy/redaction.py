"""Personal data, hidden before anything is stored: phone, identity card, bank card, e-mail
(contract, section 7).

Head and tail stay, so that two people can still say which one is meant. Order and waybill numbers
stay: a number that is called one is never touched. Masking twice is masking once. The page masks
in the same way before it stores (frontend/assets/js/lib/mask.js), by the same cases
(tests/data/redaction_cases.json). Time is linear in the text.
"""

import re
from collections.abc import Callable

from gateway.privacy.check_digits import is_bank_card, is_identity_card, luhn
from gateway.privacy.labels import (
    CARD_BEFORE,
    ID_BEFORE,
    PHONE_BEFORE,
    is_order,
    says_card,
    words_before,
)
from gateway.privacy.storable import storable

NAMED = frozenset(("phone", "id_card", "bank_card", "email"))
MAX_LOCAL = 64  # characters before the @, RFC 5321
MAX_GROUPS = 7  # groups of digits in one number
LEAST_IN_GROUP = 4  # digits; numbers that are counted up, "218 219 220 221 222", are no card
CARD_DIGITS = range(13, 20)

# Character for character, so that places in the translated text are places in the original.
ASCII = str.maketrans(
    "０１２３４５６７８９＋－–—‑＠．（）：＃＝Ｘｘ\u00a0\u3000", "0123456789+----@.():#=Xx  "
)
# Words that are written straight before a number, without a space.
PREFIXES = frozenset(
    ["id", "card", "no", "tel", "phone", "mobile", "cell", "visa", "wx", "vx", "wechat"]
)
LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-")
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
# Lines of companies, not of people.
SERVICE_LINE = re.compile(r"(?:400|800|95|96|1[012][0-9])")

DOMAIN = re.compile(r"(?:@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})+")
DIGITS = re.compile(r"[0-9]+")
IN_FOURS = re.compile(r"[3456][0-9]{3}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?")
MOBILE = re.compile(
    r"(?<!\*{4})(?:(?<![A-Za-z0-9])|(?<=tel)|(?<=phone)|(?<=mobile)"
    r"|(?<=cell)|(?<=wx)|(?<=vx)|(?<=wechat))"
    r"(?<![A-Za-z0-9]-)(?<![0-9]\.)"
    r"(?P<country>(?:\(?(?:\+|00)86\)?[ -]?|\(?86\)?[ -])?)"
    r"(?P<number>1[3-9][0-9][ -]{0,3}[0-9]{4}[ -]{0,3}[0-9]{4}"
    r"|1[3-9][0-9]{2}[ -][0-9]{3}[ -][0-9]{4}"
    r"|1[3-9][0-9]{3}[ -][0-9]{3}[ -][0-9]{3}|1[3-9][0-9]\.[0-9]{4}\.[0-9]{4})"
    r"(?![A-Za-z]?[0-9])(?!\.[0-9])(?!-[0-9]{4})(?!\*{3,24}[0-9@])",
    re.IGNORECASE,
)
# An area code and a subscriber's number, in one or with one separator or brackets.
LANDLINE = re.compile(
    r"(?<![A-Za-z0-9])(?<!\*{4})(?<![A-Za-z0-9][-.])(?:\(?(?:\+|00)86\)?[ -]?\(?0?|\(?0)"
    r"(?:(?:10|2[0-9])\)?[ -]{0,2}[2-8][0-9]{3}"
    r"|[3-9][0-9]{2}\)?[ -]{0,2}[2-8][0-9]{2,3})[ -]?[0-9]{4}"
    r"(?![A-Za-z0-9])(?!\.[0-9])(?!\*{3,24}[0-9@])"
)
# E.164 has 7 to 15 digits; without its + only a word before says that it is a phone.
OTHER_PHONE = re.compile(
    r"(?<![A-Za-z0-9+])(?<!\*{4})(?:\+|\(\+?)?[0-9](?:[ ().-]{0,2}[0-9]){6,16}"
    r"(?![A-Za-z]?[0-9])(?![.,][0-9])(?![A-Za-z])(?!\*{3,24}[0-9@])"
)
# Any of the above has an @ or seven digits with a few separators between them, in either width.
# Most answers have neither, and need no further look.
MAY_HOLD = re.compile(r"[@＠]|[0-9０-９](?:[ ().+＋（）．\u00a0\u3000–—‑－-]{0,4}[0-9０-９]){6}")
# What an earlier masking left behind a number and before one; Markdown's asterisks are fewer.
MASKED = re.compile(r"\*{3,24}[0-9@]")
HIDDEN = "****"
MAX_SHOWN = 8  # digits of a masked number: four of its head and four of its tail
NO_DIGIT, OUTSIDE_ID_CARD = re.compile(r"[^0-9]"), re.compile(r"[^0-9Xx+]")
Span = tuple[int, int, str]


def mask(text: str) -> str:
    """`text` as it may be stored."""
    text = storable(text)
    if not MAY_HOLD.search(text):
        return text
    plain = text.translate(ASCII)
    spans: list[Span] = []
    for find in (_emails, _cards, _mobiles, _landlines, _other_phones):
        found = find(plain)
        plain = _filled(plain, [(start, end, "*" * (end - start)) for start, end, _ in found])
        spans += found
    return _filled(text, sorted(spans))


# Numbers of business papers, whatever they look like.
LEFT_ALONE = frozenset(
    ["order_number", "waybill_number", "invoice_number", "transaction_number", "contract_number"]
)


def mask_value(name: str, value: str) -> str:
    """The value of a field that was read under this name; what the reader calls a phone is one,
    whatever its form.
    """
    value = storable(value)
    if name not in NAMED:
        return value if name in LEFT_ALONE else mask(value)
    if name == "email":
        return _filled(value, _emails(value.translate(ASCII)))
    return value if _is_shortened(value) else _shortened(value, name)


def _is_shortened(value: str) -> bool:
    """Whether an earlier masking hid the middle: a lone asterisk is a mark that the reader saw."""
    digits = NO_DIGIT.sub("", value.translate(ASCII))
    return HIDDEN in value and len(digits) <= MAX_SHOWN


def _filled(text: str, spans: list[Span]) -> str:
    """`text` with each span replaced; the spans are in order and do not overlap."""
    if not spans:
        return text
    parts: list[str] = []
    last = 0
    for start, end, shown in spans:
        parts += (text[last:start], shown)
        last = end
    return "".join([*parts, text[last:]])


def _emails(plain: str) -> list[Span]:
    """The parts before the @."""
    found, last = [], 0
    for match in DOMAIN.finditer(plain):
        start = match.start()
        while start > max(last, match.start() - MAX_LOCAL) and plain[start - 1] in LOCAL:
            start -= 1
        if start < match.start():
            found.append((start, match.start(), f"{plain[start]}***"))
        last = match.end()
    return found


def _cards(plain: str) -> list[Span]:
    """Identity cards and bank cards: groups of digits with one space or dash between them."""
    groups = [match.span() for match in DIGITS.finditer(plain)]
    found: list[Span] = []
    for first, (start, _) in enumerate(groups):
        if found and start < found[-1][1]:
            continue
        card = _card_at(plain, groups, first)
        if card is not None:
            found.append(card)
    return found


def _card_at(plain: str, groups: list[tuple[int, int]], first: int) -> Span | None:
    """The longest card that begins with this group."""
    start, end = groups[first]
    if end - start < LEAST_IN_GROUP or not _starts_number(plain, start):
        return None
    digits, cards = "", []
    for place in range(first, min(first + MAX_GROUPS, len(groups))):
        begin, end = groups[place]
        if place > first and (begin - groups[place - 1][1] != 1 or plain[begin - 1] not in " -"):
            break
        if len(digits) + end - begin > CARD_DIGITS[-1]:
            break
        digits += plain[begin:end]
        if len(digits) >= CARD_DIGITS[0]:
            cards += _cards_of(plain, start, end, digits)
        if end - begin < LEAST_IN_GROUP:  # only the last group is that short
            break
    # A card's own check goes before what a word says: "卡号 4111 1111 1111 1111 12/28".
    _, card = max(cards, key=lambda one: (one[0], one[1][1]), default=(False, None))
    return card


def _cards_of(plain: str, start: int, end: int, digits: str) -> list[tuple[bool, Span]]:
    """The card with these digits, and whether its structure says so; none where it is no card."""
    if len(digits) == 17:
        end, digits = _with_x(plain, end, digits)
    if not _ends_number(plain, end):
        return []
    # No word ends in a digit, so a number behind another one has no name.
    before = (
        ""
        if plain[max(0, start - 2) : start].strip(" -")[-1:].isdigit()
        else words_before(plain, start)
    )
    if len(digits) in (15, 18):
        is_card = is_identity_card(digits)
        if bool(ID_BEFORE.search(before)) or (is_card and not is_order(plain, start, end)):
            return [(is_card, (start, end, _shortened(digits, "id_card")))]
    after_dash = plain[max(0, start - 1) : start] == "-" and _is_digit(plain, start - 2)
    if digits.isdecimal() and not after_dash:
        is_card = is_bank_card(digits) or (luhn(digits) and _looks_like_card(plain, start, end))
        if (is_card or CARD_BEFORE.search(before)) and not is_order(plain, start, end):
            return [(is_card, (start, end, _shortened(digits, "bank_card")))]
    return []


def _looks_like_card(plain: str, start: int, end: int) -> bool:
    return bool(IN_FOURS.fullmatch(plain, start, end)) or says_card(plain, start, end)


def _with_x(plain: str, end: int, digits: str) -> tuple[int, str]:
    """An identity card may end in X, with a separator before it."""
    for gap in (0, 1):
        if plain[end + gap : end + gap + 1] in ("X", "x") and (not gap or plain[end] in " -"):
            return end + gap + 1, digits + plain[end + gap]
    return end, digits


def _starts_number(plain: str, start: int) -> bool:
    """Whether no letter, digit or decimal point belongs to the number before its first digit."""
    last = plain[max(0, start - 1) : start]
    if last in LETTERS:
        word = start
        while word > max(0, start - 10) and plain[word - 1] in LETTERS:
            word -= 1
        return plain[word:start].lower() in PREFIXES
    return plain[max(0, start - 4) : start] != HIDDEN and not (
        last == "." and _is_digit(plain, start - 2)
    )


def _ends_number(plain: str, end: int) -> bool:
    if plain[end : end + 1] == ".":
        return not _is_digit(plain, end + 1)
    return plain[end : end + 1] not in LETTERS and not MASKED.match(plain, end)


def _is_digit(plain: str, place: int) -> bool:
    return place >= 0 and plain[place : place + 1].isdecimal()


def _mobiles(plain: str) -> list[Span]:
    return _matches(
        plain, MOBILE, lambda match: match["country"] + _shortened(match["number"], "phone")
    )


def _landlines(plain: str) -> list[Span]:
    return _matches(plain, LANDLINE, _phone)


def _other_phones(plain: str) -> list[Span]:
    return _matches(plain, OTHER_PHONE, lambda match: _phone(match) if _is_phone(match) else None)


def _matches(
    plain: str, pattern: re.Pattern[str], shown: Callable[[re.Match[str]], str | None]
) -> list[Span]:
    """What `shown` makes of each match that is no order number; None leaves a match alone."""
    found = []
    for match in pattern.finditer(plain):
        text = shown(match)
        if text is not None and not is_order(plain, *match.span()):
            found.append((*match.span(), text))
    return found


def _is_phone(match: re.Match[str]) -> bool:
    digits = re.sub(r"[^0-9]", "", match.group())
    if "+" in match.group()[:2] or digits.startswith("00"):
        return 9 <= len(digits) <= 15
    named = 7 <= len(digits) <= 15 and not SERVICE_LINE.match(digits)
    return named and bool(PHONE_BEFORE.search(words_before(match.string, match.start())))


def _phone(match: re.Match[str]) -> str:
    return ("+" if "+" in match.group() else "") + _shortened(match.group(), "phone")


def _shortened(value: str, name: str) -> str:
    """138****5678, 110***********123X, 6222***********0123: at least four characters are hidden
    where there are that many.
    """
    value = (OUTSIDE_ID_CARD if name == "id_card" else NO_DIGIT).sub("", value.translate(ASCII))
    head = 4 if name == "bank_card" else 3
    tail = 4 if len(value) >= 10 else 2
    head = max(1, min(head, len(value) - tail - 4))
    return value[:head] + "*" * max(4, len(value) - head - tail) + value[-tail:]
