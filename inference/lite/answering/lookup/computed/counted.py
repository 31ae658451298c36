"""Adding months, days and hours to a printed day or time, and telling the result."""

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from inference.lite.answering.lookup.computed.moments import LEAP, ORDINARY, When

DIGITS = {one: at for at, one in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
WORDS = "one two three four five six seven eight nine ten eleven twelve".split()
NUMBER = rf"\d{{1,3}}|[二三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九半]|(?:{'|'.join(WORDS)})\b"
PERIOD = re.compile(
    rf"(?<![\d.,¥$€£月第每-])(?P<number>{NUMBER})\s?[(（]?\d{{0,3}}[)）]?\s?(?:个|-)?\s?"
    r"(?P<unit>工作日|自然日|小时|分钟|天|日|月|年|周|星期"
    r"|(?:working|business) days?|(?:calendar )?days?|hours?|hrs?\b|minutes?|mins?\b|weeks?|months?|years?)"
    r"(?![\d半])",
    re.IGNORECASE,
)
ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
UNITS = tuple(
    (re.compile(words, re.IGNORECASE), unit)
    for words, unit in (
        (r"工作日|working|business", "working"),
        (r"分钟|min", "minutes"),
        (r"小时|h(?:ou)?rs?", "hours"),
        (r"天|日|day", "days"),
        (r"周|星期|week", "weeks"),
        (r"月|month", "months"),
        (r"年|year", "years"),
    )
)
MONTHS_OF_YEAR, HOURS_OF_DAY, TEN = 12, 24, 10


@dataclass(frozen=True, slots=True)
class Period:
    """`unit`: minutes, hours, days, months, or working (days)."""

    count: int
    unit: str


def period(match: "re.Match[str]") -> Period | None:
    """None for a part of something that has no parts."""
    unit = next(name for words, name in UNITS if words.search(match["unit"]))
    if match["number"] == "半":
        return Period(6, "months") if unit == "years" else None
    count = number(match["number"])
    if unit == "years":
        return Period(count * MONTHS_OF_YEAR, "months")
    return Period(count * 7, "days") if unit == "weeks" else Period(count, unit)


def number(text: str) -> int:
    """24, 二十四 or twelve."""
    if text.isdigit():
        return int(text)
    if text.lower() in WORDS:
        return WORDS.index(text.lower()) + 1
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return DIGITS[text[0]]
    return (DIGITS[tens[0]] if tens else 1) * TEN + (DIGITS[ones[0]] if ones else 0)


def moved(start: When, by: Period, sign: int) -> When | None:
    """The day or time that is `by` after `start` (sign 1), or before it (-1).

    A month that has no such day ends earlier: 31 January + 1 month is 28 or 29 February. None where
    the start is not known well enough, and where the year that is not printed matters.
    """
    if by.unit == "hours" and start.clock is None and not by.count % HOURS_OF_DAY:
        by = Period(by.count // HOURS_OF_DAY, "days")
    in_day = by.unit in ("minutes", "hours")
    if by.unit == "working" or (in_day and start.clock is None) or not (in_day or start.day):
        return None
    found = {_moved(start, by, sign, year) for year in (ORDINARY, LEAP)}
    return found.pop() if len(found) == 1 else None


def _moved(start: When, by: Period, sign: int, year: int) -> When | None:
    begun = start.at(year)
    if begun is None:
        return None
    if by.unit == "months":
        ended = add_months(begun, sign * by.count)
    else:
        ended = begun + sign * timedelta(**{by.unit: by.count})
    clock = (ended.hour, ended.minute) if by.unit in ("minutes", "hours") else None
    if not start.day:  # a time of day alone
        return When(clock=clock) if ended.date() == begun.date() else None
    return When(ended.year if start.year else 0, ended.month, ended.day, clock)


def add_months(day: datetime, months: int) -> datetime:
    year, month = divmod(day.year * MONTHS_OF_YEAR + day.month - 1 + months, MONTHS_OF_YEAR)
    last = calendar.monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(day.day, last))


def written(when: When, chinese: bool) -> str:
    """2027-03-08, 11 月 20 日 14:06, 14:05"""
    clock = f"{when.clock[0]:02}:{when.clock[1]:02}" if when.clock else ""
    if when.year:
        day = f"{when.year}-{when.month:02}-{when.day:02}"
    elif when.day:
        day = (
            f"{when.month} 月 {when.day} 日" if chinese else f"{when.day} {ENGLISH[when.month - 1]}"
        )
    else:
        day = ""
    return f"{day} {clock}".strip()
