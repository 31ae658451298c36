"""Fills an empty database from the members of a backup, at the revision that the backup has."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any

import orjson
from sqlalchemy import JSON, Connection, Table, func, inspect, select, text

from gateway.backup.archive import BadArchive, Manifest
from gateway.backup.dump import numbered, tables
from gateway.privacy.storable import storable
from gateway.storage import migration, schema

ROWS = 1_000  # in one statement
ALL = 2**62  # more than any number of a turn


def revisions() -> list[str]:
    return [step.revision for step in migration.steps()]


def check_revision(manifest: Manifest) -> None:
    """Raises BadArchive where this version does not know the tables."""
    if manifest.revision is not None and manifest.revision not in revisions():
        raise BadArchive(
            f"the backup was made by a newer version, {manifest.version}: its tables have revision "
            f"{manifest.revision}, this version knows them up to {schema.NEWEST}"
        )


def fill(
    connection: Connection, manifest: Manifest, members: Iterable[tuple[str, IO[bytes]]]
) -> None:
    """Makes the tables and inserts the rows, in the caller's transaction.

    Raises BadArchive where a count is not the manifest's, SQLAlchemyError.
    """
    if manifest.revision is None:
        return
    migration.make_at(connection, manifest.revision)
    known = {table.name: table for table in tables(connection).sorted_tables}
    _index_later(connection, ALL)
    for name, source in members:
        if name.startswith("database/"):
            table = known.get(name.split("/")[1])
            if table is None:
                raise BadArchive(f"{name}: revision {manifest.revision} has no such table")
            _insert(connection, table, name, source)
    for table in known.values():
        _number_on(connection, table, manifest.sequences.get(table.name, 0))
    if wrong := differences(connection, manifest):
        raise BadArchive(f"what was restored is not what the manifest says: {wrong}")
    if "turns" in known:
        last = connection.scalar(select(func.max(known["turns"].columns["number"])))
        _index_later(connection, last or 0)


def differences(connection: Connection, manifest: Manifest) -> str:
    """Counts the rows of each table; "" where all are as the manifest says."""
    counted = {
        table.name: connection.scalar(select(func.count()).select_from(table))
        for table in tables(connection).sorted_tables
    }
    return ", ".join(
        f"{name} has {counted.get(name)} rows instead of {rows}"
        for name, rows in manifest.tables.items()
        if counted.get(name) != rows
    )


def _insert(connection: Connection, table: Table, name: str, source: IO[bytes]) -> None:
    columns = _columns(table, name, source.readline())
    quote = connection.dialect.identifier_preparer.quote
    places = ", ".join(_place(connection, table, column, n) for n, column in enumerate(columns))
    names = ", ".join(map(quote, columns))
    statement = text(f"INSERT INTO {quote(table.name)} ({names}) VALUES ({places})")  # noqa: S608 - quoted names
    rows = _rows(name, len(columns), source)
    try:
        while batch := list(islice(rows, ROWS)):
            connection.execute(statement, batch)
    except OverflowError:  # SQLite's driver
        raise BadArchive(f"{name} has a number that the database cannot hold") from None


def _columns(table: Table, name: str, line: bytes) -> list[str]:
    with _read(f"{name} does not begin with the names of columns"):
        columns: list[str] = orjson.loads(line)
        missing = ", ".join(sorted(set(columns) - set(table.columns.keys())))
    if missing:
        raise BadArchive(f"{name} has columns that its table has not: {missing}")
    return columns


def _rows(name: str, columns: int, source: IO[bytes]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(source, 2):
        with _read(f"{name}, line {number}: no JSON list of {columns} values"):
            row: list[Any] = orjson.loads(line)
            if not isinstance(row, list) or len(row) != columns:
                raise ValueError
        yield {f"v{place}": _stored(value) for place, value in enumerate(row)}


@contextmanager
def _read(fault: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError):
        raise BadArchive(fault) from None


def _place(connection: Connection, table: Table, column: str, number: int) -> str:
    is_json = isinstance(table.columns[column].type, JSON)
    if is_json and connection.dialect.name == "postgresql":
        return f"CAST(:v{number} AS JSON)"
    return f":v{number}"


def _stored(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else value


def _number_on(connection: Connection, table: Table, last: int) -> None:
    """The next row gets a higher number than each that was ever given out."""
    column = numbered(connection, table)
    if column is None:
        return
    last = max(last, connection.scalar(select(func.max(column))) or 0)
    if not last:
        return
    if connection.dialect.name == "postgresql":
        name = connection.dialect.identifier_preparer.quote(table.name)
        connection.execute(
            select(func.setval(func.pg_get_serial_sequence(name, column.name), last))
        )
    elif inspect(connection).has_table("sqlite_sequence"):
        given = {"name": table.name, "last": last}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), given)
        connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), given)


def _index_later(connection: Connection, upto: int) -> None:
    """Turns up to this number are put into SQLite's search index in the background."""
    if connection.dialect.name == "sqlite" and inspect(connection).has_table("turn_index_left"):
        connection.execute(text("UPDATE turn_index_left SET upto = :upto"), {"upto": upto})
