"""BACKUP_SCHEDULE: a cron expression, and a time zone if it is not UTC: 0 3 * * * Asia/Shanghai."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

EXPECTED = "a cron expression and a time zone, such as 0 3 * * * Asia/Shanghai"
FIELDS = 5


@dataclass(frozen=True, slots=True)
class BackupTimes:
    expression: str
    zone: tzinfo

    def last(self, moment: float) -> int:
        """The newest time of the schedule up to the moment. Both are seconds since 1970."""
        now = datetime.fromtimestamp(moment, self.zone)
        if self.next(moment - 1) == int(moment):
            return int(moment)
        return int(next(CronSim(self.expression, now, reverse=True)).timestamp())

    def next(self, moment: float) -> int:
        """The first time after the moment. Both are seconds since 1970."""
        now = datetime.fromtimestamp(moment, self.zone)
        return int(next(CronSim(self.expression, now)).timestamp())


def backup_times(text: str) -> BackupTimes | None:
    """None for "". Raises ValueError with what is expected."""
    if not text.strip():
        return None
    parts = text.split()
    expression, name = " ".join(parts[:FIELDS]), " ".join(parts[FIELDS:])
    try:
        zone: tzinfo = ZoneInfo(name) if name else UTC
        made = BackupTimes(expression, zone)
        made.next(0)
    except CronSimError as error:
        raise ValueError(f"{EXPECTED}; {expression!r}: {error}") from None
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{EXPECTED}; {name!r} is no time zone") from None
    except StopIteration:
        raise ValueError(f"{EXPECTED}; {expression!r} never comes") from None
    return made
