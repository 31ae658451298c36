"""Waybill numbers: the forms of carriers, spaced groups, and letters misread as digits."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from inference.lite.checks import CHECKS, DAY, LANDLINE, PHONE
from inference.lite.field_catalog import Catalog
from inference.lite.field_rules import CarrierRule

TOKEN = re.compile(r"[A-Za-z0-9]+")
JOINTS = (" ", "  ", "-")
MIN_PART = 3  # characters of a group behind a hyphen
MAX_TOKENS = 9  # groups of one number
LONGEST, SHORTEST = 24, 8  # characters
MIN_DIGITS = 7
LOOKS_LIKE = str.maketrans({"O": "0", "Q": "0", "I": "1", "L": "1", "S": "5", "B": "8", "Z": "2"})
REPAIRABLE = frozenset("OQILSBZ")


@dataclass(frozen=True, slots=True)
class Number:
    """A waybill number in a text. `valid` None: no rule says. `repaired`: letters made digits."""

    value: str
    start: int
    end: int
    carrier: str | None
    valid: bool | None
    repaired: bool = False


def numbers_in(text: str, named: frozenset[str], catalog: Catalog, ocr: bool) -> Iterator[Number]:
    """Numbers without a label: of a carrier's own form, or digits alone of a carrier in `named`.

    Time grows with the length of `text` only: windows are measured by sums made once a run.
    """
    for run in _runs(text):
        words = [token.group(0) for token in run]
        sizes = list(accumulate(map(len, words), initial=0))
        digits = list(accumulate(map(_digits, words), initial=0))
        place = 0
        # Behind this place too few digits are left for any number.
        while digits[-1] - digits[place] >= MIN_DIGITS:
            found = None
            for count in range(min(MAX_TOKENS, len(run) - place), 0, -1):
                end = place + count
                own = digits[end] - digits[place]
                if own < MIN_DIGITS:
                    break
                if not SHORTEST <= sizes[end] - sizes[place] <= LONGEST:
                    continue
                is_whole = own == digits[-1]
                found = _number(text, run[place:end], named, catalog, ocr=ocr, is_whole=is_whole)
                if found is not None:
                    yield found
                    place = end
                    break
            place += found is None


def number_at(text: str, named: frozenset[str], catalog: Catalog, ocr: bool) -> Number | None:
    """The labelled number that the text begins with."""
    run = next(_runs(text), [])
    if not run or run[0].start() > 1:
        return None
    for carriers in (named, frozenset(catalog.carriers)):
        for count in range(min(MAX_TOKENS, len(run)), 0, -1):
            found = _number(text, run[:count], carriers, catalog, ocr=ocr, is_labelled=True)
            if found is not None and not _is_day(found.value):
                is_known = found.carrier in named or not found.value.isdigit()
                return found if is_known else _unnamed(found)
    return _unknown(text, run, catalog)


def _unnamed(found: Number) -> Number:
    """Digits that could be any carrier's: no rule says whether they are right."""
    return Number(found.value, found.start, found.end, None, None)


def verdict(value: str, catalog: Catalog) -> bool | None:
    """Whether a number can be right: by a carrier's form and check digit, or its prefix."""
    for _, form, _, rule in catalog.carrier_forms:
        if form is not None and form.search(value):
            return _checked(value, rule.forms_check)
    starts = (rule.prefix for rule in catalog.carriers.values() if rule.prefix)
    return False if any(map(value.startswith, starts)) or _is_other(value) else None


def _number(
    text: str,
    window: list["re.Match[str]"],
    named: frozenset[str],
    catalog: Catalog,
    *,
    ocr: bool,
    is_labelled: bool = False,
    is_whole: bool = True,
) -> Number | None:
    """The window as a number of a carrier. `is_whole`: no other digits stand beside it."""
    start, end = window[0].start(), window[-1].end()
    value = "".join(token.group(0) for token in window).upper()
    digits = _digits(value)
    if not SHORTEST <= len(value) <= LONGEST or digits < MIN_DIGITS:
        return None
    for code, form, alone, rule in catalog.carrier_forms:
        if form is not None and form.search(value):
            valid = _checked(value, rule.forms_check)
            if is_labelled or valid or rule.prefix or code in named:
                return _proven(value, start, end, code, valid, rule, ocr)
        elif alone is not None and code in named and digits == len(value) and alone.search(value):
            valid = _checked(value, rule.bare_check)
            if is_labelled or (valid and is_whole and not _is_other(value)):
                return Number(value, start, end, code, valid)
    return _repaired(value, start, end, catalog) if ocr else None


def _digits(word: str) -> int:
    return sum(map(str.isdigit, word))


def _checked(value: str, check: str | None) -> bool | None:
    return CHECKS[check](value) if check else True


def _proven(
    value: str, start: int, end: int, code: str, valid: bool | None, rule: CarrierRule, ocr: bool
) -> Number:
    """A number whose check digit fails is repaired where exactly one look-alike makes it right."""
    if valid is False and ocr and rule.forms_check:
        head = len(rule.prefix or "")
        right = []
        for place in range(head, len(value)):
            if value[place] in REPAIRABLE:
                other = value[:place] + value[place].translate(LOOKS_LIKE) + value[place + 1 :]
                if _checked(other, rule.forms_check):
                    right.append(other)
        if len(right) == 1:
            return Number(right[0], start, end, code, True, repaired=True)
    return Number(value, start, end, code, valid)


def _repaired(value: str, start: int, end: int, catalog: Catalog) -> Number | None:
    """Behind a carrier's prefix only digits stand: a letter that looks like one is that digit.

    A check digit proves it; without one `valid` stays None.
    """
    for code, form, _, rule in catalog.carrier_forms:
        head = rule.prefix or value[:2]
        tail = "" if rule.prefix else value[-2:]
        if form is None or not value.startswith(head) or not (rule.prefix or rule.forms_check):
            continue
        middle = value[len(head) : len(value) - len(tail)]
        other = head + middle.translate(LOOKS_LIKE) + tail
        if other != value and form.search(other):
            proof = _checked(other, rule.forms_check) if rule.forms_check else None
            if proof is not False:
                return Number(other, start, end, code, proof, repaired=True)
    return None


def _unknown(text: str, run: list["re.Match[str]"], catalog: Catalog) -> Number | None:
    """A labelled number of no known form: its first group, and the digits that follow."""
    count = 1
    while count < len(run) and run[count].group(0).isdigit() and count < MAX_TOKENS:
        count += 1
    value = "".join(token.group(0) for token in run[:count]).upper()
    digits = _digits(value)
    if digits < SHORTEST or len(value) > LONGEST + 10 or _is_other(value):
        return None
    return Number(value, run[0].start(), run[count - 1].end(), None, verdict(value, catalog))


def _is_other(value: str) -> bool:
    """A phone number, a landline, a date or a date with its time."""
    return bool(PHONE.fullmatch(value) or LANDLINE.fullmatch(value)) or _is_day(value)


def _is_day(value: str) -> bool:
    if DAY.fullmatch(value):
        return True
    return value.isdigit() and len(value) in (12, 14) and bool(DAY.fullmatch(value[:8]))


def _runs(text: str) -> Iterator[list["re.Match[str]"]]:
    """Groups of letters and digits with one space, or a hyphen, between them."""
    run: list[re.Match[str]] = []
    for token in TOKEN.finditer(text):
        joint = text[run[-1].end() : token.start()] if run else ""
        # JDX012345678901-1-1: behind a hyphen a short group counts parcels.
        is_part = joint in JOINTS and not (joint == "-" and len(token.group(0)) < MIN_PART)
        if run and not is_part:
            yield run
            run = []
        run.append(token)
    if run:
        yield run
