"""Background work of the database: brings the search index up to date, in transactions of
milliseconds, and empties SQLite's log.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog
from sqlalchemy import Connection, text

from gateway.errors import GatewayError
from gateway.storage.database import Database
from gateway.storage.one_gateway import alone
from gateway.storage.text_search import PG_INDEX, VALID

log = structlog.get_logger()

TURNS = 250  # in one transaction, or
CHARACTERS = 50_000  # whichever is reached first
PAUSE_SECONDS, IDLE_SECONDS, FAILED_SECONDS = 0.02, 2.0, 15.0

LOCK = 7_305_441_521  # any number: only one gateway builds the index
LEFT = text(
    "SELECT number, length(text) FROM turns WHERE number <= :upto ORDER BY number DESC LIMIT :most"
)
ADD = text(
    "INSERT INTO turn_index (rowid, text) SELECT number, text || char(1, 1) FROM turns "
    "WHERE number >= :first AND number <= :upto AND text <> ''"
)
REMOVED = text("SELECT number, length(text) FROM turn_index_removed ORDER BY number LIMIT :most")
REMOVE = text(
    "INSERT INTO turn_index (turn_index, rowid, text) SELECT 'delete', number, text || char(1, 1) "
    "FROM turn_index_removed WHERE number <= :last"
)


async def indexing(database: Database) -> None:
    """Runs until cancelled."""
    while True:
        try:
            pause = PAUSE_SECONDS if await asyncio.to_thread(index_some, database) else IDLE_SECONDS
            if pause == IDLE_SECONDS:
                await asyncio.to_thread(database.checkpoint)
        except GatewayError as error:
            log.warning("index_not_updated", error=error.code)
            pause = FAILED_SECONDS
        await asyncio.sleep(pause)


def index_some(database: Database) -> bool:
    """Does the next piece. Returns whether there was something to do. Raises StoreUnavailable."""
    if not database.is_sqlite:
        return _build(database)
    return _add_some(database) or _remove_some(database)


def _build(database: Database) -> bool:
    """PostgreSQL builds the index itself, without blocking writers, and keeps it up to date."""
    with database.outside_transactions() as connection:
        if connection.scalar(VALID, {"name": PG_INDEX}):
            return False
        with alone(database, LOCK) as is_alone:
            if not is_alone:
                return False
            _create(connection)
    log.info("index_built")
    return True


def _create(connection: Connection) -> None:
    try:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET lock_timeout = 0"))
        # An attempt that broke off leaves an index that is not valid.
        connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {PG_INDEX}"))
        connection.execute(
            text(f"CREATE INDEX CONCURRENTLY {PG_INDEX} ON turns USING gin (sightdesk_grams(text))")
        )
    finally:
        connection.execute(text("RESET statement_timeout"))
        connection.execute(text("RESET lock_timeout"))


def _add_some(database: Database) -> bool:
    with database.reading() as session:
        upto = session.scalar(text("SELECT upto FROM turn_index_left")) or 0
        first = (
            _until_enough(session.execute(LEFT, {"upto": upto, "most": TURNS}).all())
            if upto
            else None
        )
    if not upto:
        return False
    with database.writing() as session:
        if first is not None:
            session.execute(ADD, {"first": first, "upto": upto})
        session.execute(
            text("UPDATE turn_index_left SET upto = :upto"),
            {"upto": 0 if first is None else first - 1},
        )
    return True


def _remove_some(database: Database) -> bool:
    with database.reading() as session:
        last = _until_enough(session.execute(REMOVED, {"most": TURNS}).all())
    if last is None:
        return False
    with database.writing() as session:
        session.execute(REMOVE, {"last": last})
        session.execute(
            text("DELETE FROM turn_index_removed WHERE number <= :last"), {"last": last}
        )
    return True


def _until_enough(rows: Iterable[Any]) -> int | None:
    """The number of the row that reaches CHARACTERS, else of the last; None without rows.

    Rows: (number of the turn, characters).
    """
    last, characters = None, 0
    for row in rows:
        last = int(row[0])
        characters += row[1]
        if characters >= CHARACTERS:
            break
    return last
