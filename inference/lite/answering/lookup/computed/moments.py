"""The dates and times of a picture, each with the words that say what it is the date of."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from inference.lite import dates
from inference.lite.answering.facts import DOUBTED
from inference.lite.reading import Line, Reading, rows
from inference.lite.text import normal

MAX_LINES = 400
MAX_LABEL = 32  # characters of a label
MAX_TEXT = 200  # characters of a line that are looked at
REACH = 2.6  # heights of a value within which its label stands above it
STACKED = 1.2  # heights between a time and its date below or above it
ORDINARY, LEAP = 2023, 2024  # years that stand for one that is not printed
MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
CLOCK = re.compile(
    r"(?P<half>上午|下午|晚上|中午|凌晨)?\s?(?<![\d:.])(?P<hour>[01]?\d|2[0-3])[:：](?P<minute>[0-5]\d)"
    r"(?:[:：][0-5]\d)?(?![\d:：])\s?(?P<pm>[ap]\.?m\b\.?)?",
    re.IGNORECASE,
)
# Days without a year. A bare "11-24" fills its line or stands before a time.
DAY = re.compile(
    r"(?<![\d年./-])(?P<month>0?[1-9]|1[0-2])\s?月\s?(?P<day>[0-3]?\d)\s?[日号]"
    r"|(?:^|(?<=\s))(?P<month2>0?[1-9]|1[0-2])[-/](?P<day2>[0-3]?\d)"
    r"(?=\s?$|\s?[0-2]?\d[:：]|(?<=\d\d[-/]\d\d)\s(?![个天日小分元件人岁\d]))"
    rf"|(?<![A-Za-z\d])(?P<day3>[0-3]?\d)\s?(?P<name>{MONTHS})[a-z]{{0,6}}(?![a-z])(?!\.?\s?\d{{4}})"
    rf"|(?<![A-Za-z\d])(?P<name2>{MONTHS})[a-z]{{0,6}}\.? (?P<day4>[0-3]?\d)(?![\d:])(?!,? \d{{4}})",
    re.IGNORECASE,
)
SLASHED = re.compile(r"(?P<one>\d{1,2})/(?P<two>\d{1,2})/\d{2,4}")
WEEKDAY = re.compile(
    r"(?:周|星期)[一二三四五六日天]|\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\b,?", re.IGNORECASE
)
LETTERS = re.compile(r"[\u3400-\u9fff]|[A-Za-z]{2}")
MAX_MONTH = 12
AFTERNOON = ("下午", "晚上")


@dataclass(frozen=True, slots=True)
class When:
    """A day, a time of day, or both, as far as printed."""

    year: int = 0
    month: int = 0
    day: int = 0
    clock: tuple[int, int] | None = None

    def at(self, year: int = ORDINARY) -> datetime | None:
        """`year` counts where none is printed. None for a day that no month has."""
        hour, minute = self.clock or (0, 0)
        try:
            return datetime(self.year or year, self.month or 1, self.day or 1, hour, minute)
        except ValueError:
            return None


@dataclass(frozen=True)
class Moment:
    """`before` is the text before it in its line, `text` as it is printed, `around` the words of
    its row; `near` the lines at its left and above it."""

    when: When
    text: str
    line: Line
    before: str
    around: str
    near: tuple[str, ...] = ()

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The words that may say what it is."""
        own = WEEKDAY.sub("", self.before).strip()
        return (own,) if LETTERS.search(own) else self.near

    def is_of(self, words: "re.Pattern[str]") -> bool:
        return any(words.search(label) for label in self.labels)


def moments_of(reading: Reading) -> list[Moment]:
    """From top to bottom. Dates that may be read in two ways are left out: 03/04/2026."""
    made: list[Moment] = []
    above: list[Line] = []
    for row in rows(reading.lines[:MAX_LINES]):
        around = " ".join(normal(line.text).strip() for line in row)
        for place, line in enumerate(row):
            left = normal(row[place - 1].text).strip() if place else ""
            near = tuple(filter(_is_label, [left, _over(line, above)]))
            made += [
                replace(one, around=around, near=near)
                for one in _of_line(line)
                if line.confidence >= DOUBTED
            ]
        above = [*row, *above][:24]
    return _stacked(made)


def _of_line(line: Line) -> Iterator[Moment]:
    text = normal(line.text).strip()[:MAX_TEXT]
    found = list(_days(text))
    clocks = [(one.start(), one.end(), _clock(one)) for one in CLOCK.finditer(text)]
    taken = set()
    for start, end, when in found:
        inside = [one for one in clocks if start <= one[0] < end + 6]
        if inside and when is not None:
            taken.add(inside[0])
            end, when = max(end, inside[0][1]), replace(when, clock=inside[0][2])
        if when is not None and when.at(LEAP) is not None:
            yield Moment(when, text[start:end].strip(), line, text[:start].strip(), text)
    for one in clocks:
        if one not in taken:
            shown = text[one[0] : one[1]].strip()
            yield Moment(When(clock=one[2]), shown, line, text[: one[0]].strip(), text)


def _days(text: str) -> Iterator[tuple[int, int, When | None]]:
    """(start, end, day) of each date; None for one that is ambiguous."""
    ends = []
    for one in dates.dates_in(text):
        ends.append((one.start, one.end))
        slashed = SLASHED.match(one.value)
        if slashed and slashed["one"] != slashed["two"]:
            day, month = int(slashed["one"]), int(slashed["two"])
            if day <= MAX_MONTH and month <= MAX_MONTH:
                yield one.start, one.end, None
                continue
        year, month, day = (*dates.parts(one.value), 0, 0, 0)[:3]
        yield one.start, one.end, When(year, month, day) if day else None
    for match in DAY.finditer(text):
        if not any(start <= match.start() < end for start, end in ends):
            name = (match["name"] or match["name2"] or "").lower()
            month = int(match["month"] or match["month2"] or 0) or (
                MONTHS.split("|").index(name) + 1 if name else 0
            )
            day = int(match["day"] or match["day2"] or match["day3"] or match["day4"])
            yield match.start(), match.end(), When(0, month, day)


def _clock(match: "re.Match[str]") -> tuple[int, int]:
    hour, minute = int(match["hour"]), int(match["minute"])
    late = match["half"] in AFTERNOON or (match["pm"] or "").lower().startswith("p")
    if late and hour < MAX_MONTH:
        hour += MAX_MONTH
    if (match["pm"] or "").lower().startswith("a") and hour == MAX_MONTH:
        hour = 0
    return hour, minute


def _is_label(text: str) -> bool:
    if not 0 < len(text) <= MAX_LABEL or not LETTERS.search(text):
        return False
    return not (CLOCK.search(text) or DAY.search(text) or dates.dates_in(text))


def _over(line: Line, above: Sequence[Line]) -> str:
    """The text of the nearest line above in the same column."""
    left, top, width, height = line.place
    for one in above:
        x, y, wide, high = one.place
        if x < left + width and left < x + wide:
            return normal(one.text).strip() if top - y - high < REACH * height else ""
    return ""


def _stacked(every: list[Moment]) -> list[Moment]:
    """A time takes the date that stands right below or above it in its column."""
    days = [one for one in every if one.when.clock is None and one.when.day]
    made = []
    for one in every:
        if one.when.clock and not one.when.day:
            near = sorted((_apart(one.line, day.line), at) for at, day in enumerate(days))
            if near and near[0][0] < STACKED:
                day = days[near[0][1]]
                when = replace(day.when, clock=one.when.clock)
                text, around = f"{day.text} {one.text}", f"{one.around} {day.around}"
                made.append(Moment(when, text, one.line, one.before, around, one.near))
                continue
        made.append(one)
    return made


def _apart(one: Line, two: Line) -> float:
    """Heights between two lines of a column; infinite for those of two columns."""
    x, y, wide, high = one.place
    left, top, width, height = two.place
    if left >= x + wide or x >= left + width or not high:
        return float("inf")
    return max(top - y - high, y - top - height, 0.0) / high
