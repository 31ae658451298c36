"""SQLAlchemy engines: SQLite in a file or in memory, and PostgreSQL. Each transaction has a time
bound on both.
"""

import math
import sqlite3
import time
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event

from gateway.storage.column_types import storable_json

BUSY_SECONDS = 2  # the longest wait for another writer
CONNECT_SECONDS = 2
SILENT_SECONDS = 3  # a peer that acknowledges nothing for so long is given up
GONE_SECONDS = 30  # until the server gives up a gateway whose machine is gone
STATEMENT_SECONDS = 10
PAGE_CACHE_KIB = 512  # of each connection, instead of 2,000: the system caches the file as well
LOG_PAGES = 16_000  # 64 MB, after which a writer moves the log into the file (Database.checkpoint)
OPERATIONS = (
    10_000  # of SQLite's virtual machine between two checks of the deadline; about a millisecond
)
# Execution options.
WRITES = "sightdesk_writes"
SECONDS = "sightdesk_seconds"
COMMON: dict[str, Any] = {
    "hide_parameters": True,  # errors must not quote what a customer wrote
    "json_serializer": storable_json,
    "json_deserializer": orjson.loads,
}


class BoundedConnection(sqlite3.Connection):
    """A SQLite connection that interrupts a statement at its `deadline`, in monotonic seconds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deadline = math.inf
        self.set_progress_handler(lambda: time.monotonic() > self.deadline, OPERATIONS)


def normal(url: URL) -> URL:
    """`postgres://` and `postgresql://` mean psycopg, the one driver that is installed."""
    return (
        url.set(drivername="postgresql+psycopg")
        if url.drivername in ("postgres", "postgresql")
        else url
    )


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL, in memory, and for a `file:` URI."""
    name = url.database or ""
    on_disk = (
        url.get_backend_name() == "sqlite"
        and name not in ("", ":memory:")
        and not name.startswith("file:")
    )
    return Path(name) if on_disk else None


def make_engine(url: URL, application_name: str) -> Engine:
    if url.get_backend_name() != "sqlite":
        return _postgresql(url, application_name)
    in_memory = url.database in (None, "", ":memory:")
    # A database in memory exists once for each connection, so there is one.
    pool = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0} if in_memory else {}
    given = {"timeout": BUSY_SECONDS, "check_same_thread": False, "factory": BoundedConnection}
    engine = create_engine(url, connect_args=given, **COMMON, **pool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: URL, application_name: str) -> Engine:
    given = {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": 1000 * SILENT_SECONDS}
    options = (
        f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={BUSY_SECONDS}s"
        # The server ends transactions and locks of a gateway whose machine is gone: they hold up
        # readers of events (event_log.py) and what one gateway does for all (one_gateway.py). Its
        # default waits for two hours. It asks after half of the time, then thrice.
        f" -c tcp_keepalives_idle={GONE_SECONDS // 2} -c tcp_keepalives_interval={GONE_SECONDS // 6}"
        " -c tcp_keepalives_count=3"
    )
    engine = create_engine(
        url,
        connect_args={**given, "application_name": application_name, "options": options},
        pool_pre_ping=True,
        pool_size=4,
        max_overflow=12,
        pool_timeout=CONNECT_SECONDS,
        **COMMON,
    )
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = (
        None  # Python's driver begins transactions late; `_begin_sqlite` does it
    )
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"wal_autocheckpoint={LOG_PAGES}",
        f"cache_size=-{PAGE_CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    bounded: Any = connection.connection.dbapi_connection
    bounded.deadline = time.monotonic() + options.get(SECONDS, STATEMENT_SECONDS)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITES) else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    seconds = connection.get_execution_options().get(SECONDS)
    if seconds is not None:
        milliseconds = 0 if math.isinf(seconds) else round(1000 * seconds)
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
