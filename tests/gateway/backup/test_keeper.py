"""BACKUP_SCHEDULE: due times, one gateway for all, and what a failure leaves."""

import asyncio
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.backup.journal import AGAIN_SECONDS, LEASE_SECONDS, Journal, Made
from gateway.backup.keeper import RENEW_SECONDS, BackupKeeper
from gateway.backup_times import BackupTimes, backup_times
from gateway.observability.metrics import Metrics
from gateway.storage.database import Database, open_database

NAME = "sightdesk_backup_last_success_timestamp_seconds"
OVERDUE = "sightdesk_backup_overdue_seconds"
MINUTELY = BackupTimes("* * * * *", ZoneInfo("UTC"))


def at(clock: str, zone: str = "Asia/Shanghai") -> float:
    return datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone)).timestamp()


def value(metrics: Metrics, name: str = NAME, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


@pytest.mark.parametrize(
    ("moment", "last"),
    [
        ("2026-11-30T02:59:59", "2026-11-29T03:00"),
        ("2026-11-30T03:00:00", "2026-11-30T03:00"),
        ("2026-11-30T03:00:00.500", "2026-11-30T03:00"),
        ("2026-11-30T12:00:00", "2026-11-30T03:00"),
    ],
)
def test_the_last_time_is_the_newest_one_that_has_come(moment: str, last: str) -> None:
    times = backup_times("0 3 * * * Asia/Shanghai")
    assert times is not None
    assert times.last(at(moment)) == at(last)


def test_a_clock_that_is_put_forward_leaves_no_day_out() -> None:
    times = backup_times("30 2 * * * Europe/Berlin")
    assert times is not None
    days = {
        datetime.fromtimestamp(times.last(at(f"2026-03-{day}T12:00", "Europe/Berlin"))).date()
        for day in (28, 29, 30)
    }
    assert len(days) == 3


@pytest.mark.parametrize("text", ["often", "0 3 * *", "61 3 * * *", "0 3 * * * Nowhere/City"])
def test_a_wrong_schedule_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 0 3"):
        backup_times(text)


def test_one_gateway_of_several_gets_a_slot(url: str) -> None:
    one, two = (open_database(url, lambda: None) for _ in range(2))
    first, second = Journal(one), Journal(two)
    assert first.claim(1000, now=1000)
    assert not second.claim(1000, now=1000)
    first.renew(1000, now=1000 + LEASE_SECONDS)
    assert not second.claim(1000, now=1001 + LEASE_SECONDS)
    assert second.claim(1000, now=1001 + 2 * LEASE_SECONDS)  # the first one has died
    second.failed(1000, "no room", now=2000)
    assert not first.claim(1000, now=1999 + AGAIN_SECONDS)
    assert first.claim(1000, now=2001 + AGAIN_SECONDS)
    first.made(1000, Made("backup-a", 5), now=3000)
    assert not second.claim(1000, now=9999)
    assert not second.claim(500, now=9999)  # a later one was made
    assert second.claim(4000, now=9999)
    assert second.last_success(now=9999) == 3000
    one.close()
    two.close()


def test_a_clock_that_was_ahead_keeps_no_backup_from_being_made(database: Database) -> None:
    journal, year = Journal(database), 366 * 86_400
    assert journal.claim(1000, now=1000)
    journal.made(1000, Made("backup-a", 5), now=1001)
    assert journal.claim(1000 + year, now=1000 + year)  # the clock is a year ahead
    journal.made(1000 + year, Made("backup-b", 5), now=1001 + year)
    assert journal.claim(2000 + year, now=2000 + year)  # broken off
    assert not journal.claim(1000, now=1500)  # the clock is right again
    assert journal.last_success(now=1500) == 1001
    assert journal.claim(2000, now=2000)
    journal.failed(2000, "no room", now=2000 + year)  # ahead once more
    assert journal.claim(2000, now=2001)


def keeper(database: Database, metrics: Metrics, program: str) -> BackupKeeper:
    command = (sys.executable, "-c", program)
    return BackupKeeper(Journal(database), metrics, MINUTELY, command=command, look_seconds=0.05)


def test_a_gateway_that_dies_at_a_backup_loses_it_within_half_a_minute() -> None:
    assert LEASE_SECONDS <= 30
    assert 2 * RENEW_SECONDS < LEASE_SECONDS, "one that lives may miss one renewal"


def test_a_backup_is_due_from_the_first_time_that_has_none(database: Database) -> None:
    journal, hourly = Journal(database), BackupTimes("0 * * * *", ZoneInfo("UTC"))
    hour = 3600
    assert journal.due_since(hourly, now=5.5 * hour) is None, "the first one begins at once"
    for slot in (5, 6):
        assert journal.claim(slot * hour, now=(slot + 0.5) * hour)
        journal.failed(slot * hour, "no room", now=(slot + 0.5) * hour)
    assert journal.due_since(hourly, now=6.5 * hour) == 5 * hour
    journal.made(6 * hour, Made("backup-a", 5), now=6.6 * hour)
    assert journal.due_since(hourly, now=6.9 * hour) is None
    assert journal.due_since(hourly, now=9.5 * hour) == 7 * hour
    journal.made(round(9.6 * hour), Made("by hand", 5), now=9.7 * hour)
    assert journal.due_since(hourly, now=9.8 * hour) is None


async def test_how_long_a_backup_has_been_due_is_shown(database: Database) -> None:
    metrics = Metrics("test", "lite")
    failing = keeper(database, metrics, "import sys; sys.exit('backup: no room')")
    await failing.look()
    assert (value(metrics, OVERDUE) or 0) > 0
    command = (sys.executable, "-c", "")
    await BackupKeeper(Journal(database), metrics, None, command=command).look()
    assert value(metrics, OVERDUE) == 0, "without a schedule none is due"


async def test_a_failure_is_counted_and_kept_with_its_reason(database: Database) -> None:
    metrics = Metrics("test", "lite")
    await keeper(database, metrics, "import sys; sys.exit('backup: no room')").look()
    assert value(metrics, "sightdesk_backups_total", outcome="failed") == 1
    assert value(metrics) == 0
    with database.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT error FROM backups").all()
    assert rows == [("backup: no room",)]


async def test_a_stopping_gateway_ends_its_backup(database: Database, tmp_path: Path) -> None:
    program = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"  # fmt: skip
    task = asyncio.create_task(keeper(database, Metrics("test", "lite"), program).run())
    pid = ""
    for _ in range(600):
        await asyncio.sleep(0.05)
        if (tmp_path / "pid").exists() and (pid := (tmp_path / "pid").read_text()):
            break
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


async def test_a_due_backup_is_made_by_a_process_and_shown(
    database: Database, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, given in {
        "DATABASE_URL": url,
        "DATA_DIR": str(tmp_path / "data"),
        "BACKUP_DIR": str(tmp_path / "backups"),
        "BACKUP_KEEP": "2",
    }.items():
        monkeypatch.setenv(name, given)
    old = tmp_path / "backups" / "backup-20200101-030000.tar.gz"
    old.parent.mkdir()
    for day in (1, 2):
        (old.parent / f"backup-2020010{day}-030000.tar.gz").write_bytes(b"old")
    metrics = Metrics("test", "lite")
    both = [BackupKeeper(Journal(database), metrics, MINUTELY) for _ in range(2)]
    began = time.time()
    await asyncio.gather(*(one.look() for one in both))
    made = sorted(path.name for path in old.parent.iterdir())
    assert len(made) == 2
    assert made[0] == "backup-20200102-030000.tar.gz"
    assert value(metrics, "sightdesk_backups_total", outcome="made") == 1
    await both[0].look()
    assert (value(metrics) or 0) >= began - 1
