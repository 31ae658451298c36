"""Dates and times as papers write them."""

import re
from dataclasses import dataclass

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# The time may follow without a space: OCR loses it.
TIME = r"(?:\s{0,4}T?\s{0,4}(?P<time>[0-2]?\d\s?[:时点]\s?[0-5]\d(?:\s?[:分]\s?[0-5]\d)?))?"
DATE = re.compile(
    r"(?<![\d.])(?P<day>(?:19|20|21)\d\d(?:\s?[-/.]\s?[01]?\d\s?[-/.]\s?[0-3]?\d"
    r"|\s?年\s?[01]?\d\s?月\s?[0-3]?\d\s?日?)|[0-3]?\d/[0-3]?\d/(?:19|20)\d\d(?!\d)"
    # Of two digits, the year is one of these tills: 11/27/26.
    r"|[0-3]?\d/[0-3]?\d/[23]\d(?=[0-2]\d:[0-5]\d|[^\d/]|$))" + TIME
)
ENGLISH = re.compile(
    r"(?<![A-Za-z0-9])(?P<day>(?:[0-3]?\d\s)?(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"[a-z]{0,6}\.?\s(?:[0-3]?\d(?:st|nd|rd|th)?,?\s)?(?:19|20)\d\d)" + TIME,
    re.IGNORECASE,
)
SLASHED = re.compile(r"[0-3]?\d/[0-3]?\d/(?:(?:19|20)\d\d(?!\d)|[23]\d(?!\d))")
SPACE = re.compile(r"\s")
MONTHS_OF_YEAR = 12
CENTURY = 2_000
NUMBERS = re.compile(r"\d{1,4}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A date in a text. `value` is as written, with one space before the time."""

    value: str
    start: int
    end: int


def date_at(text: str) -> Moment | None:
    """The date that the text begins with."""
    for pattern in (DATE, ENGLISH):
        if match := pattern.match(text):
            return _moment(match)
    return None


def dates_in(text: str) -> list[Moment]:
    """All dates of a text."""
    return [_moment(match) for pattern in (DATE, ENGLISH) for match in pattern.finditer(text)]


def _moment(match: "re.Match[str]") -> Moment:
    day = match["day"] if match.re is ENGLISH else SPACE.sub("", match["day"])
    value = f"{day} {SPACE.sub('', match['time'])}" if match["time"] else day
    return Moment(value, match.start(), match.end())


def parts(value: str) -> tuple[int, ...]:
    """Year, month, day and time as numbers, as far as written; empty without a day."""
    english = ENGLISH.match(value)
    if english is None:
        found = tuple(int(part) for part in NUMBERS.findall(value)[:6])
        return _year_first(*found) if SLASHED.match(value) else found
    days = [int(part) for part in NUMBERS.findall(english["day"])]
    time = [int(part) for part in NUMBERS.findall(english["time"] or "")]
    month = MONTHS.index(english["month"].lower()) + 1
    return (days[-1], month, days[0] if len(days) > 1 else 1, *time)


def _year_first(one: int, two: int, year: int, *time: int) -> tuple[int, ...]:
    """11/27/2026 and 27/11/2026; where both are possible, the month is first."""
    month, day = (two, one) if one > MONTHS_OF_YEAR else (one, two)
    return (year + (CENTURY if year < CENTURY else 0), month, day, *time)
