"""SERVICE_HOURS: when people answer, such as `Mon-Fri 09:00-18:00, Sat 10:00-14:00 Asia/Shanghai`.

Each range has days and hours of the local time. One whose end is not after its beginning goes on
past midnight. Where a clock is put forward or back, a range is as much shorter or longer.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EXPECTED = "days, hours and a time zone, such as Mon-Fri 09:00-18:00 Asia/Shanghai"
RANGE = re.compile(
    r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? +"
    r"(?P<opens>\d{1,2}:\d{2})-(?P<closes>\d{1,2}:\d{2})"
)
DAY_MINUTES = 24 * 60
LOOK_DAYS = 400  # ahead; every range comes weekly


@dataclass(frozen=True, slots=True)
class Range:
    """`days`: 0 is Monday. `opens`, `closes`: minutes of the local day; `closes` may be beyond."""

    days: frozenset[int]
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """Times are milliseconds since 1970. Without ranges people are always there."""

    ranges: tuple[Range, ...] = ()
    zone: tzinfo = UTC

    def is_open(self, moment: int) -> bool:
        return not self.ranges or self._next(moment)[0] <= moment

    def opens_at(self, moment: int) -> int | None:
        """When people are there again; None while they are."""
        return None if self.is_open(moment) else self._next(moment)[0]

    def after(self, moment: int, seconds: float) -> int:
        """When the desk has been open for so many seconds since `moment`."""
        left = round(1000 * seconds)
        if not self.ranges:
            return moment + left
        for opens, closes in self._intervals(moment):
            begins = max(opens, moment)
            if closes - begins >= left:
                return begins + left
            left -= closes - begins
        return moment + round(1000 * seconds)  # LOOK_DAYS hold less: far beyond any setting

    def _next(self, moment: int) -> tuple[int, int]:
        """The interval that runs at the moment, or the next one."""
        return next(self._intervals(moment))

    def _intervals(self, moment: int) -> Iterator[tuple[int, int]]:
        """(opens, closes) of each interval that ends after the moment, in order and apart."""
        today = datetime.fromtimestamp(moment / 1000, self.zone).date()
        last: tuple[int, int] | None = None
        for offset in range(-2, LOOK_DAYS):
            for opens, closes in self._of(today + timedelta(offset)):
                if closes <= moment or closes <= opens:
                    continue
                if last is not None and opens <= last[1]:  # they touch
                    last = (last[0], max(last[1], closes))
                    continue
                if last is not None:
                    yield last
                last = (opens, closes)
        if last is not None:
            yield last

    def _of(self, day: date) -> list[tuple[int, int]]:
        here = (one for one in self.ranges if day.weekday() in one.days)
        return sorted((self._at(day, one.opens), self._at(day, one.closes)) for one in here)

    def _at(self, day: date, minutes: int) -> int:
        days, minutes = divmod(minutes, DAY_MINUTES)
        clock = time(minutes // 60, minutes % 60, tzinfo=self.zone)
        return round(1000 * datetime.combine(day + timedelta(days), clock).timestamp())


ALWAYS = ServiceHours()


def service_hours(text: str) -> ServiceHours:
    """Reads SERVICE_HOURS; "" is always. Raises ValueError with what is expected."""
    if not text.strip():
        return ALWAYS
    whole, _, name = text.strip().rpartition(" ")
    ranges = tuple(_range(part.strip()) for part in whole.split(","))
    try:
        return ServiceHours(ranges, ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{EXPECTED}; {name!r} is no time zone") from None


def _range(part: str) -> Range:
    found = RANGE.fullmatch(part.lower())
    if found is None:
        raise ValueError(f"{EXPECTED}; {part!r} is no range")
    days = _days(DAYS, found["first"], found["last"] or found["first"])
    opens, closes = _minutes(found["opens"]), _minutes(found["closes"])
    if not days or opens >= DAY_MINUTES or closes > DAY_MINUTES:
        raise ValueError(f"{EXPECTED}; {part!r} has no such day or hour")
    return Range(days, opens, closes if closes > opens else closes + DAY_MINUTES)


def _days(names: Sequence[str], first: str, last: str) -> frozenset[int]:
    """Fri-Mon goes past the end of the week. Empty where a name is wrong."""
    if first not in names or last not in names:
        return frozenset()
    begins = names.index(first)
    count = (names.index(last) - begins) % 7 + 1
    return frozenset((begins + offset) % 7 for offset in range(count))


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return DAY_MINUTES + 1 if int(minutes) > 59 else 60 * int(hours) + int(minutes)
