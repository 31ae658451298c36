"""The connections that a backup needs: one that reads a moment, and empty databases to fill."""

import contextlib
import math
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import DatabaseError, OperationalError

from gateway.storage.models import TABLES
from gateway.storage.sql_engine import COMMON, SECONDS, WRITES, make_engine, normal, sqlite_file

SCRATCH_SCHEMA = "sightdesk_scratch"
UNLIMITED = {SECONDS: math.inf}


class NoDatabase(Exception):
    """There is no database yet."""


class InUse(Exception):
    """A gateway has the database open."""


@contextlib.contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A transaction that sees the database at one moment, while gateways write.

    Raises NoDatabase, SQLAlchemyError.
    """
    target = normal(make_url(url))
    file = sqlite_file(target)
    if file is not None and not file.is_file():
        raise NoDatabase
    engine = make_engine(target, "sightdesk-backup-" + secrets.token_hex(4))
    options: dict[str, Any] = dict(UNLIMITED)
    if file is None:
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _disposed(engine), engine.execution_options(**options).begin() as connection:
        yield connection


@contextlib.contextmanager
def writing(url: str) -> Iterator[Connection]:
    """A writing transaction. Raises NoDatabase, SQLAlchemyError."""
    target = normal(make_url(url))
    file = sqlite_file(target)
    if file is not None and not file.is_file():
        raise NoDatabase
    engine = make_engine(target, "sightdesk-script-" + secrets.token_hex(4))
    with _disposed(engine), engine.execution_options(**{WRITES: True}).begin() as connection:
        yield connection


@contextlib.contextmanager
def scratch(url: str, folder: Path) -> Iterator[Connection]:
    """An empty database of the kind that `url` has; nothing of it is kept.

    SQLite: a file in `folder`. PostgreSQL: a schema of a transaction that is not committed. Raises
    SQLAlchemyError, also where the user of PostgreSQL may not make a schema.
    """
    target = normal(make_url(url))
    if target.get_backend_name() == "sqlite":
        with new_sqlite(folder / "scratch.db") as connection:
            yield connection
        return
    engine = make_engine(target, "sightdesk-verify-" + secrets.token_hex(4))
    with _disposed(engine), engine.execution_options(**UNLIMITED).connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {SCRATCH_SCHEMA}"))
        connection.execute(text(f"SET LOCAL search_path TO {SCRATCH_SCHEMA}"))
        yield connection
        connection.rollback()


@contextlib.contextmanager
def new_sqlite(file: Path) -> Iterator[Connection]:
    """A transaction on a new file. What it holds is on disk after the block."""
    engine = create_engine(f"sqlite:///{file}", **COMMON)
    with _disposed(engine), engine.begin() as connection:
        yield connection
    with file.open("rb") as written:
        os.fsync(written.fileno())


@contextlib.contextmanager
def emptied_postgresql(url: str) -> Iterator[Connection]:
    """A transaction in which SightDesk's tables are gone. The old ones stay until it is committed
    at the end of the block. Other tables are not touched. Raises SQLAlchemyError.
    """
    engine = make_engine(normal(make_url(url)), "sightdesk-restore-" + secrets.token_hex(4))
    options = {**UNLIMITED, WRITES: True}
    with _disposed(engine), engine.execution_options(**options).begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        quote = connection.dialect.identifier_preparer.quote
        there = set(inspect(connection).get_table_names())
        known = {"alembic_version", *(table.__tablename__ for table in TABLES)}
        for name in sorted(there & known):
            connection.execute(text(f"DROP TABLE {quote(name)} CASCADE"))
        connection.execute(text("DROP FUNCTION IF EXISTS sightdesk_grams(text)"))
        yield connection


def settle_sqlite(file: Path) -> None:
    """Moves what is in the log of a database into its file, and deletes the log: it would be
    applied to a file that takes this one's place.

    Raises InUse while a gateway has it open. A file that is no database is left as it is.
    """
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 1})
    try:
        with _disposed(engine), engine.connect() as connection:
            connection.execute(text("PRAGMA journal_mode=DELETE"))
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorname", "") in ("SQLITE_BUSY", "SQLITE_LOCKED"):
            raise InUse from None
    except DatabaseError:
        return  # it is damaged, which may be why a backup is restored


def replace_sqlite(old: Path, new: Path, kept: Path) -> None:
    """Puts the new file in the place of the old one, which is kept under `kept`.

    At each moment one of the two is in place, whole. Raises OSError.
    """
    if old.exists():
        os.link(old, kept)
    for suffix in ("-wal", "-shm"):
        old.with_name(old.name + suffix).unlink(missing_ok=True)
    new.replace(old)
    sync_folder(old.parent)


def sync_folder(folder: Path) -> None:
    """Makes renames in it last. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _disposed(engine: Engine) -> Iterator[None]:
    try:
        yield
    finally:
        engine.dispose()
