"""The table of backups: which were made, and which gateway makes the next one."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select, update

from gateway.backup_times import BackupTimes
from gateway.storage.database import Database
from gateway.storage.models import Backup

LEASE_SECONDS = 30  # of a gateway that makes a backup; it renews the lease meanwhile
AGAIN_SECONDS = 900  # after a failure
MAX_ERROR = 500  # characters


@dataclass(frozen=True, slots=True)
class Made:
    name: str
    size: int  # bytes


class Journal:
    """Synchronous: call it from threads. Times are seconds since 1970.

    All raise StoreUnavailable.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, slot: int, now: float) -> bool:
        """Whether this gateway makes the backup of `slot`: nobody has made it, nobody is at it, and
        no later one was made.

        A slot or lease that is still to come was written by a clock that was ahead. It counts as
        none, otherwise there would be no backup until then.
        """
        insert = self._database.insert(Backup)
        row = {"slot": _ms(slot), "worker": "", "lease_until": 0, "name": "", "size": 0}
        with self._database.writing() as session:
            later = select(Backup.slot).where(
                Backup.slot.between(_ms(slot), _ms(now)), Backup.finished_at.is_not(None)
            )
            if session.scalar(later.limit(1)) is not None:
                return False
            session.execute(insert.values(**row, error="").on_conflict_do_nothing())
            is_free = (Backup.slot == _ms(slot), Backup.finished_at.is_(None))
            lease = func.coalesce(Backup.lease_until, 0)
            has_none = or_(lease <= _ms(now), lease > _ms(now + max(LEASE_SECONDS, AGAIN_SECONDS)))
            claimed = session.execute(
                update(Backup)
                .where(*is_free, has_none)
                .values(worker=self._database.writer, lease_until=_ms(now + LEASE_SECONDS))
                .execution_options(synchronize_session=False)
            )
            return bool(getattr(claimed, "rowcount", 0))

    def renew(self, slot: int, now: float) -> None:
        self._set(slot, lease_until=_ms(now + LEASE_SECONDS))

    def failed(self, slot: int, error: str, now: float) -> None:
        self._set(slot, error=error[:MAX_ERROR], lease_until=_ms(now + AGAIN_SECONDS))

    def made(self, slot: int, made: Made, now: float) -> None:
        """Of a slot that was claimed, or of a backup that somebody has asked for."""
        values = {
            "worker": self._database.writer,
            "lease_until": None,
            "finished_at": _ms(now),
            "name": made.name,
            "size": made.size,
            "error": "",
        }
        insert = self._database.insert(Backup).values(slot=_ms(slot), **values)
        with self._database.writing() as session:
            session.execute(insert.on_conflict_do_update(index_elements=["slot"], set_=values))

    def last_success(self, now: float) -> float | None:
        """When the newest backup was made that is not of the future."""
        made = select(func.max(Backup.finished_at)).where(Backup.finished_at <= _ms(now))
        with self._database.reading() as session:
            found = session.scalar(made)
        return None if found is None else found / 1000

    def due_since(self, times: BackupTimes, now: float) -> float | None:
        """The first time of the schedule that no backup was made for; None where all have one."""
        is_made, is_past = Backup.finished_at.is_not(None), Backup.slot <= _ms(now)
        newest_made = select(func.max(Backup.slot)).where(is_made, is_past)
        oldest = select(func.min(Backup.slot)).where(is_past)
        with self._database.reading() as session:
            made = session.scalar(newest_made)
            first = session.scalar(oldest) if made is None else 1000 * times.next(made / 1000)
        return None if first is None or first > _ms(now) else first / 1000

    def _set(self, slot: int, **values: object) -> None:
        mine = (Backup.slot == _ms(slot), Backup.worker == self._database.writer)
        with self._database.writing() as session:
            session.execute(
                update(Backup)
                .where(*mine)
                .values(**values)
                .execution_options(synchronize_session=False)
            )


def _ms(seconds: float) -> int:
    return round(1000 * seconds)
