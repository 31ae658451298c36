"""The span of time that figures and exports are of."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.errors import InvalidRequest

DAY_MS = 86_400_000
DEFAULT_DAYS = 30
# Unix seconds; a year before the last one that dates can have, in any zone.
LAST = round(datetime(9998, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Period:
    """From `start` up to before `end`, milliseconds since 1970. Days and hours are the zone's."""

    start: int
    end: int
    zone: ZoneInfo

    @property
    def days(self) -> str:
        """Its first and last day: "2026-11-01-2026-11-30"; "to-2026-11-30" from the beginning."""
        first, last = (f"{self.local(at):%Y-%m-%d}" for at in (self.start, self.end - 1))
        return f"{first}-{last}" if self.start else f"to-{last}"

    def local(self, milliseconds: int) -> datetime:
        return self._moment(milliseconds)

    def _moment(self, milliseconds: int) -> datetime:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(self.zone)


def period_of(start: str, end: str, zone: str, now_ms: int) -> Period:
    """`start` and `end`: Unix seconds, a date, or a date with time (ISO 8601). A date is the zone's
    day; as the end it is included. "" is 30 days before the end, and now.
    What is before 1970 or after 9997 counts as its first or last moment.

    Raises InvalidRequest.
    """
    try:
        found = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidRequest(
            "`zone` is a name such as Asia/Shanghai.", param="zone", details={"name": zone[:64]}
        ) from None
    last = _milliseconds(end, found, "to", is_end=True) if end else now_ms
    first = (
        _milliseconds(start, found, "from", is_end=False) if start else last - DEFAULT_DAYS * DAY_MS
    )
    if first >= last:
        raise InvalidRequest("`from` is not before `to`.", param="from")
    return Period(first, last, found)


def start_of(value: str, name: str) -> int:
    """Milliseconds since 1970 of a `from` as `period_of` takes it, dates in UTC; "" is the
    beginning. Raises InvalidRequest."""
    return _milliseconds(value, ZoneInfo("UTC"), name, is_end=False) if value else 0


def _milliseconds(value: str, zone: ZoneInfo, name: str, *, is_end: bool) -> int:
    try:
        if value.isdecimal():
            seconds = float(min(int(value[:20]), LAST))
        elif len(value) == len("2026-11-30"):
            day = date.fromisoformat(value) + timedelta(days=is_end)
            seconds = datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
        else:
            moment = datetime.fromisoformat(value)
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"`{name}` is Unix seconds, or a date such as 2026-11-30.",
            param=name,
            details={"value": value[:64]},
        ) from None
    return min(max(0, round(1000 * seconds)), 1000 * LAST)
