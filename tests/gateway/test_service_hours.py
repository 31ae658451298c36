"""SERVICE_HOURS: open and shut by the local clock, over midnight and changes of clocks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.service_hours import ALWAYS, service_hours
from gateway.settings import WrongSettings, load_settings

OFFICE = "Mon-Fri 09:00-18:00 Asia/Shanghai"
SPLIT = "Mon-Fri 09:00-12:00, Mon-Fri 13:00-18:00, Sat 10:00-14:00 Asia/Shanghai"
NIGHT = "Mon-Sun 22:00-06:00 Asia/Shanghai"
BERLIN = "Sat-Mon 00:00-24:00 Europe/Berlin"
EARLY = "Mon-Sun 01:00-04:00 Europe/Berlin"


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    """Milliseconds since 1970. 2026-11-30 is a Monday."""
    return round(1000 * datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


@pytest.mark.parametrize(
    ("hours", "moment", "opens"),
    [
        (OFFICE, "2026-11-30T08:59:59", "2026-11-30T09:00"),
        (OFFICE, "2026-11-30T09:00", None),
        (OFFICE, "2026-11-30T17:59:59", None),
        (OFFICE, "2026-11-30T18:00", "2026-12-01T09:00"),
        (OFFICE, "2026-12-04T18:00", "2026-12-07T09:00"),  # over the weekend
        (SPLIT, "2026-11-30T12:30", "2026-11-30T13:00"),
        (SPLIT, "2026-12-05T13:59", None),
        (SPLIT, "2026-12-05T14:00", "2026-12-07T09:00"),
        (NIGHT, "2026-11-30T05:59", None),  # since Sunday
        (NIGHT, "2026-11-30T06:00", "2026-11-30T22:00"),
        (NIGHT, "2026-11-30T23:00", None),
        ("Sun 22:00-06:00 Asia/Shanghai", "2026-11-30T03:00", None),  # Monday, of Sunday's range
        ("Sun 22:00-06:00 Asia/Shanghai", "2026-12-01T03:00", "2026-12-06T22:00"),
        ("Fri-Mon 10:00-11:00 Asia/Shanghai", "2026-11-30T12:00", "2026-12-04T10:00"),
        ("mon 9:00-18:00 Asia/Shanghai", "2026-11-30T10:00", None),
    ],
)
def test_people_are_there_in_these_hours_alone(hours: str, moment: str, opens: str | None) -> None:
    read = service_hours(hours)
    assert read.opens_at(at(moment)) == (at(opens) if opens else None)
    assert read.is_open(at(moment)) is (opens is None)


@pytest.mark.parametrize(
    ("hours", "moment", "minutes", "over"),
    [
        (OFFICE, "2026-11-30T10:00", 10, "2026-11-30T10:10"),
        (OFFICE, "2026-11-30T17:55", 10, "2026-12-01T09:05"),
        (OFFICE, "2026-12-04T17:55", 10, "2026-12-07T09:05"),
        (OFFICE, "2026-12-05T12:00", 10, "2026-12-07T09:10"),
        (OFFICE, "2026-11-30T17:50", 10, "2026-11-30T18:00"),
        (SPLIT, "2026-11-30T11:55", 10, "2026-11-30T13:05"),
        (OFFICE, "2026-11-30T09:00", 10 * 60, "2026-12-01T10:00"),
        (NIGHT, "2026-11-30T23:55", 10, "2026-12-01T00:05"),
    ],
)
def test_time_runs_while_the_desk_is_open(hours: str, moment: str, minutes: int, over: str) -> None:
    assert service_hours(hours).after(at(moment), 60 * minutes) == at(over)


def test_a_range_is_shorter_or_longer_where_the_clock_is_changed() -> None:
    """Europe/Berlin: 2026-03-29 has no 02:30, 2026-10-25 has two."""
    early = service_hours(EARLY)
    for day, hours in (("2026-03-28", 3), ("2026-03-29", 2), ("2026-10-25", 4)):
        opens, closes = at(f"{day}T01:00", "Europe/Berlin"), at(f"{day}T04:00", "Europe/Berlin")
        assert closes - opens == hours * 3_600_000
        assert early.is_open(opens)
        assert early.is_open(closes - 1)
        assert not early.is_open(closes)
        assert early.after(opens, hours * 3600) == closes
    # Nine in the morning is nine in the morning, in summer and in winter.
    office = service_hours("Mon-Fri 09:00-18:00 Europe/Berlin")
    for before, opens_text in (("2026-03-28", "2026-03-30"), ("2026-10-24", "2026-10-26")):
        moment = at(f"{before}T12:00", "Europe/Berlin")
        assert office.opens_at(moment) == at(f"{opens_text}T09:00", "Europe/Berlin")


def test_ranges_that_touch_are_one() -> None:
    weekend = service_hours(BERLIN)
    friday = at("2026-12-04T23:00", "Europe/Berlin")
    assert weekend.opens_at(friday) == at("2026-12-05T00:00", "Europe/Berlin")
    assert weekend.after(friday, 72 * 3600) == at("2026-12-08T00:00", "Europe/Berlin")


def test_without_hours_people_are_always_there() -> None:
    assert service_hours("  ") is ALWAYS
    assert (ALWAYS.is_open(5), ALWAYS.opens_at(5), ALWAYS.after(5, 2)) == (True, None, 2005)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("Mon-Fri 09:00-18:00", "time zone"),
        ("Mon-Fri 09:00-18:00 Mars/Olympus", "time zone"),
        ("Mon-Fri 09:00-18:00 ../../etc/passwd", "time zone"),
        ("Asia/Shanghai", "is no range"),
        ("Mon-Fry 09:00-18:00 Asia/Shanghai", "no such day"),
        ("Mon-Fri 09:60-18:00 Asia/Shanghai", "no such day or hour"),
        ("Mon-Fri 24:00-25:00 Asia/Shanghai", "no such day or hour"),
        ("Mon-Fri 9-18 Asia/Shanghai", "is no range"),
        ("Mon-Fri 09:00-18:00,, Asia/Shanghai", "is no range"),
        ("Mon-Fri 09:00 - 18:00 Asia/Shanghai", "is no range"),
    ],
)
def test_a_wrong_value_ends_the_start_with_one_line(wrong: str, reason: str) -> None:
    with pytest.raises(WrongSettings) as told:
        load_settings(service_hours=wrong)
    assert str(told.value).startswith(f"SERVICE_HOURS={wrong!r}: days, hours and a time zone")
    assert reason in str(told.value)
    assert "\n" not in str(told.value)
