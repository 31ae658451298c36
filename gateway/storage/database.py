"""The database: SQLite by default, PostgreSQL where gateways share one.

SQLAlchemy's errors become three of ours: StoreUnavailable where the database does not answer,
UpstreamTimeout where a read takes longer than its bound, InvalidRequest where the database cannot
hold a value of one request.
"""

import math
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, Executable, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from gateway.errors import GatewayError, InvalidRequest, StoreUnavailable, UpstreamTimeout
from gateway.settings import WrongSettings
from gateway.storage import schema
from gateway.storage.models import Conversation
from gateway.storage.sql_engine import (
    BUSY_SECONDS,
    SECONDS,
    STATEMENT_SECONDS,
    WRITES,
    make_engine,
    normal,
    sqlite_file,
)
from gateway.storage.sql_errors import is_data_error, is_timeout, reason

log = structlog.get_logger()

SEARCH_SECONDS = 2
RETRY_AFTER_SECONDS = 2
REST_SECONDS = 5.0  # after a failure `answers` does not ask the database again

WRITE_NOTHING_NEW = text("UPDATE alembic_version SET version_num = version_num")
REOPENING = (-1, -1)  # the identity of no file


class Database:
    """Synchronous: call it from threads. `failed` is called for each failure of the store."""

    def __init__(
        self, engine: Engine, writer: str, failed: Callable[[], None], file: Path | None = None
    ) -> None:
        self._engine = engine
        self.failed = failed
        self.writer = writer  # this gateway's name, which no other gateway has
        self._failed_at = -math.inf
        self._is_proven = True  # the last write did not fail
        self._file = file
        self._identity = _identity(file)
        self._reopening = threading.Lock()
        self._writer = threading.Lock()
        self.is_sqlite = engine.dialect.name == "sqlite"
        # A SQLite transaction that begins with a read cannot wait for the write lock later, so
        # writing transactions take it at their start.
        self._writing = engine.execution_options(**{WRITES: True})
        self._reading = sessionmaker(engine)
        self._searching = sessionmaker(engine.execution_options(**{SECONDS: SEARCH_SECONDS}))

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """One writing transaction, committed at the end of the block.

        Raises StoreUnavailable, InvalidRequest.
        """
        with self._translated(None):
            self._reopen_replaced()
            written_to = self._identity
            with self._only_writer(), self._writing.begin() as connection:
                yield connection
            if self._is_replaced() or self._identity != written_to:  # while this was written
                raise OperationalError(
                    "COMMIT", None, FileNotFoundError("the file of the database was removed")
                )
            self._is_proven = True

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """`connected`, with a session for objects."""
        with self.connected() as connection, Session(connection) as session:
            yield session
            session.flush()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One reading transaction.

        Raises StoreUnavailable, InvalidRequest, and UpstreamTimeout after STATEMENT_SECONDS.
        """
        with self._translated(STATEMENT_SECONDS):
            self._reopen_replaced()
            with self._reading.begin() as session:
                yield session

    @contextmanager
    def searching(self) -> Iterator[Session]:
        """`reading`, with UpstreamTimeout after SEARCH_SECONDS."""
        with self._translated(SEARCH_SECONDS):
            self._reopen_replaced()
            with self._searching.begin() as session:
                yield session

    @contextmanager
    def outside_transactions(self) -> Iterator[Connection]:
        """For statements that PostgreSQL refuses in a transaction.

        Raises StoreUnavailable, InvalidRequest.
        """
        with self._translated(None), self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def checkpoint(self) -> None:
        """Moves SQLite's log into its file, while others write.

        By default a writer does so every 1000 pages: whoever waits for it then waits for tens of
        milliseconds, and pages that change often are written many times. Where it fails the next
        call tries again.
        """
        if self._file is None:
            return
        with (
            suppress(SQLAlchemyError, sqlite3.Error),
            closing(self._engine.raw_connection()) as lent,
        ):
            bounded: Any = lent.driver_connection
            bounded.deadline = time.monotonic() + STATEMENT_SECONDS
            bounded.execute("PRAGMA wal_checkpoint(PASSIVE)").close()

    def insert(self, table: Any) -> Any:
        """An INSERT of this database's dialect, which has ON CONFLICT."""
        return (sqlite.insert if self.is_sqlite else postgresql.insert)(table)

    def connect_arguments(self) -> dict[str, Any]:
        """Of psycopg's `connect`, for a connection outside of the pool."""
        return dict(self._engine.dialect.create_connect_args(self._engine.url)[1])

    def answers(self) -> bool:
        """Whether conversations can be stored now.

        False for REST_SECONDS after a failure: to ask again might take seconds.
        """
        if time.monotonic() - self._failed_at < REST_SECONDS:
            return False
        # On a full disk a transaction begins, and fails when it writes its first page.
        probe = select(Conversation.id).limit(1) if self._is_proven else WRITE_NOTHING_NEW
        return self._takes(probe)

    def is_writable(self) -> bool:
        """Whether a row can be written now. It is the row of `alembic_version`, as it is."""
        return self._takes(WRITE_NOTHING_NEW)

    def _takes(self, statement: Executable) -> bool:
        """Whether a writing transaction with this statement succeeds."""
        try:
            with self.connected() as connection:  # a read would work on a read-only disk too
                connection.execute(statement)
        except GatewayError:
            return False
        return True

    @contextmanager
    def _translated(self, seconds: float | None) -> Iterator[None]:
        """Raises our errors for SQLAlchemy's. `seconds`: the bound of a read; None for a write,
        where a timeout is StoreUnavailable.
        """
        try:
            yield
        except SQLAlchemyError as error:
            if is_data_error(error):
                log.warning("request_not_storable", error=reason(error))
                raise InvalidRequest(
                    "The database cannot hold what this request brings.",
                    details={"reason": reason(error)},
                ) from None
            if seconds is not None and is_timeout(error):
                log.warning("read_timed_out", seconds=seconds)
                raise UpstreamTimeout(
                    f"The database did not finish within {seconds} s; ask for less.",
                    details={"limit": seconds},
                ) from None
            self.failed()
            self._failed_at = time.monotonic()
            self._is_proven = False
            log.warning("store_failed", error=reason(error))
            raise StoreUnavailable(
                "The store of conversations does not answer; ask again in a moment.",
                retry_after=RETRY_AFTER_SECONDS,
            ) from None

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        """SQLite has one writer at a time. Its threads wait here for each other: SQLite itself
        would look again after ever longer pauses. Raises OperationalError.
        """
        if not self.is_sqlite:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise OperationalError("BEGIN", None, TimeoutError("another writer is not done"))
        try:
            yield
        finally:
            self._writer.release()

    def _is_replaced(self) -> bool:
        """Whether the file at the path is another one than the open one: writes would be lost."""
        return self._file is not None and _identity(self._file) != self._identity

    def _reopen_replaced(self) -> None:
        """Opens the file at the path, or makes it where it was removed. Raises SQLAlchemyError."""
        if not self._is_replaced():
            return
        with self._reopening:
            if self._file is None or not self._is_replaced():
                return
            log.error("database_file_replaced", removed=not self._file.exists())
            # The new file may get the removed one's inode: until it has its tables, others wait.
            self._identity = REOPENING
            self._engine.dispose()
            if not self._file.exists():
                # SQLite would apply the removed file's log to the new file.
                for suffix in ("-wal", "-shm"):
                    self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            try:
                prepare(self._engine, self._file)
            except schema.NewerSchema as error:
                raise OperationalError("CONNECT", None, error) from None
            self._identity = _identity(self._file)

    def close(self) -> None:
        self._engine.dispose()


def open_database(url: str, failed: Callable[[], None]) -> Database:
    """Connects and brings the tables up to date.

    Raises WrongSettings with one line, without the URL, which may hold a password.
    """
    writer = "sightdesk-" + secrets.token_hex(8)
    with ExitStack() as undo:
        try:
            target = normal(make_url(url))
            file = sqlite_file(target)
            engine = make_engine(target, writer)
            undo.callback(engine.dispose)
            prepare(engine, file)
        except (SQLAlchemyError, OSError, schema.NewerSchema) as error:
            raise WrongSettings(
                f"DATABASE_URL=(hidden): cannot be opened: {reason(error)}"
            ) from None
        undo.pop_all()
    return Database(engine, writer, failed, file)


def attach_database(url: str) -> Database:
    """Connects to a database that gateways may be using: makes no tables, and ends no answers.

    Raises WrongSettings with one line, without the URL.
    """
    try:
        target = normal(make_url(url))
    except SQLAlchemyError as error:
        raise WrongSettings(f"DATABASE_URL=(hidden): {reason(error)}") from None
    file = sqlite_file(target)
    if file is not None and not file.is_file():
        raise WrongSettings("DATABASE_URL=(hidden): there is no such database yet")
    name = "sightdesk-script-" + secrets.token_hex(8)
    return Database(make_engine(target, name), name, lambda: None, file)


def prepare(engine: Engine, file: Path | None) -> None:
    """Makes the folder and the tables. Raises SQLAlchemyError, NewerSchema."""
    try:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            if not os.access(file.parent, os.W_OK):
                raise OSError(f"nothing can be written into {file.parent}")
    except OSError as error:
        raise OperationalError("CONNECT", None, error) from None
    with engine.execution_options(**{WRITES: True, SECONDS: math.inf}).begin() as connection:
        schema.upgrade(connection)
        schema.fail_orphans(connection)


def _identity(file: Path | None) -> tuple[int, int] | None:
    """Device and inode; None where there is no file."""
    try:
        told = file.stat() if file is not None else None
    except OSError:
        return None
    return None if told is None else (told.st_dev, told.st_ino)
