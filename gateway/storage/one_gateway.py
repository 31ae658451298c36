"""Work that one gateway does at a time, by a lock of PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from gateway.storage.database import Database

TAKE = text("SELECT pg_try_advisory_lock(:lock)")
GIVE_BACK = text("SELECT pg_advisory_unlock(:lock)")


@contextmanager
def alone(database: Database, lock: int) -> Iterator[bool]:
    """Whether no other gateway is inside such a block now. SQLite has one gateway.

    A gateway that dies loses the lock with its connection, and one whose machine is gone within
    GONE_SECONDS (sql_engine.py). Raises StoreUnavailable.
    """
    if database.is_sqlite:
        yield True
        return
    with database.outside_transactions() as connection:
        is_alone = bool(connection.scalar(TAKE, {"lock": lock}))
        try:
            yield is_alone
        finally:
            if is_alone:
                connection.execute(GIVE_BACK, {"lock": lock})
