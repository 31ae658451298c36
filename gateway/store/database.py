"""The database: SQLite by default, PostgreSQL where gateways share one. Every failure of it leaves here as StoreUnavailable."""

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import orjson
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from gateway.errors import StoreUnavailable
from gateway.settings import WrongSettings
from gateway.store import schema
from gateway.store.models import Conversation
from gateway.store.storable import storable_json

log = logging.getLogger("sightdesk.store")
Result = TypeVar("Result")

BUSY_SECONDS = 2  # for another writer's lock
CONNECT_SECONDS = 2
SILENT_SECONDS = 3  # until a peer that acknowledges nothing is given up
STATEMENT_SECONDS = 10
RETRY_AFTER_SECONDS = 2
REST_SECONDS = 5.0
WRITES = "sightdesk_writes"
COMMON: dict[str, Any] = {
    "hide_parameters": True,  # what an error says must not be what a customer wrote
    "json_serializer": storable_json,
    "json_deserializer": orjson.loads,
}


class Database:
    """Synchronous: call it from threads."""

    def __init__(self, engine: Engine, writer: str, failed: Callable[[], None]) -> None:
        self._engine = engine
        self.failed = failed  # counts what was not kept
        self.writer = writer  # this gateway, as other gateways see it
        self._failed_at = -REST_SECONDS
        self.is_sqlite = engine.dialect.name == "sqlite"
        # A SQLite transaction that begins by reading cannot wait for a lock later on, so a writing one says so at its start.
        self._writing = sessionmaker(engine.execution_options(**{WRITES: True}))
        self._reading = sessionmaker(engine)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction, committed at the end of the block. Raises StoreUnavailable."""
        with self._translated(), self._writing.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self._translated(), self._reading.begin() as session:
            yield session

    def insert(self, table: Any) -> Any:
        """INSERT that knows ON CONFLICT, in this database's dialect."""
        return (sqlite.insert if self.is_sqlite else postgresql.insert)(table)

    def answers(self) -> bool:
        """Whether conversations can be kept now. One that has just failed is not asked: it may take seconds to fail again."""
        if time.monotonic() - self._failed_at < REST_SECONDS:
            return False
        try:
            with self.writing() as session:  # a store that can be read and not written keeps nothing
                session.execute(select(Conversation.id).limit(1))
        except StoreUnavailable:
            return False
        return True

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            self.failed()
            self._failed_at = time.monotonic()
            log.warning("store_failed", extra={"error": reason(error)})
            raise StoreUnavailable(
                "The store of conversations does not answer; ask again in a moment.", retry_after=RETRY_AFTER_SECONDS
            ) from None

    def close(self) -> None:
        self._engine.dispose()


def open_database(url: str, failed: Callable[[], None]) -> Database:
    """Connects and brings the tables up to date. Raises WrongSettings, one line, without the URL: it may hold a password."""
    writer = "sightdesk-" + secrets.token_hex(8)
    with ExitStack() as undo:
        try:
            engine = _engine(normal(make_url(url)), writer)
            undo.callback(engine.dispose)
            with engine.execution_options(**{WRITES: True}).begin() as connection:
                schema.upgrade(connection)
                schema.fail_orphans(connection)
        except (SQLAlchemyError, OSError, schema.NewerSchema) as error:
            raise WrongSettings(f"DATABASE_URL=(hidden): cannot be opened: {reason(error)}") from None
        undo.pop_all()
    return Database(engine, writer, failed)


def normal(url: URL) -> URL:
    """`postgres://` and `postgresql://` mean psycopg, the driver that is installed."""
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgres", "postgresql") else url


def reason(error: BaseException) -> str:
    """One line that holds no text of a conversation: a driver quotes values in every error but these."""
    cause = getattr(error, "orig", None) or error
    if isinstance(error, OperationalError | OSError | schema.NewerSchema):
        return " ".join(str(cause).split())[:300]
    return type(cause).__name__


def _engine(url: URL, writer: str) -> Engine:
    if url.get_backend_name() != "sqlite":
        given = {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": 1000 * SILENT_SECONDS}
        options = f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={BUSY_SECONDS}s"
        return create_engine(
            url,
            connect_args={**given, "application_name": writer, "options": options},
            pool_pre_ping=True,
            pool_size=4,
            max_overflow=12,
            pool_timeout=CONNECT_SECONDS,
            **COMMON,
        )
    in_memory = url.database in (None, "", ":memory:")
    if not in_memory and not (url.database or "").startswith("file:"):
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    # A database in memory is its one connection's.
    pool = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0} if in_memory else {}
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **COMMON, **pool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # Python's driver begins transactions late; SQLAlchemy does it here
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")
