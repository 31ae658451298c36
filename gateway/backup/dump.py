"""Reads every table as JSON lines: the same form for SQLite and PostgreSQL, so that a backup of one
can be restored into the other. Works for each revision, since it takes the tables as they are.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    Text,
    cast,
    func,
    inspect,
    select,
    text,
)

from gateway.storage import schema

PIECE = 4 * 1024 * 1024  # bytes of one member, about
ROWS = 1_000  # fetched at once
# The search index of SQLite and the tallies of days are made again from the turns.
LEFT_OUT = ("alembic_version", "turn_index", "day_tallies", "sqlite_")


class Dump:
    """The tables as one transaction sees them. `revision` is None where there are none yet.

    `rows` and `sequences` are whole once all members have been read.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.revision = schema.revision(connection)
        self.rows: dict[str, int] = {}
        self.sequences: dict[str, int] = {}

    def members(self) -> Iterator[tuple[str, bytes]]:
        """(name, content) of each member, tables before those that refer to them.

        Raises SQLAlchemyError, TypeError for a value that has no form in JSON.
        """
        if self.revision is None:
            return
        for table in tables(self._connection).sorted_tables:
            self.rows[table.name] = 0
            for place, piece in enumerate(self._pieces(table), 1):
                yield f"database/{table.name}/{place:05}.jsonl", piece
            if (last := last_number(self._connection, table)) is not None:
                self.sequences[table.name] = last

    def _pieces(self, table: Table) -> Iterator[bytes]:
        """At least one, with the names of the columns."""
        head = orjson.dumps(table.columns.keys()) + b"\n"
        lines, size = [head], 0
        wanted = select(*map(_written, table.columns)).order_by(*table.primary_key.columns)
        fetched = self._connection.execution_options(yield_per=ROWS).execute(wanted)
        for row in fetched:
            lines.append(orjson.dumps(tuple(row)) + b"\n")
            size += len(lines[-1])
            if size >= PIECE:
                self.rows[table.name] += len(lines) - 1
                yield b"".join(lines)
                lines, size = [head], 0
        self.rows[table.name] += len(lines) - 1
        if len(lines) > 1 or not self.rows[table.name]:
            yield b"".join(lines)


def tables(connection: Connection) -> MetaData:
    """The tables that a backup holds, as they are in the database."""
    metadata = MetaData()
    names = [
        name for name in inspect(connection).get_table_names() if not name.startswith(LEFT_OUT)
    ]
    metadata.reflect(connection, only=names)
    return metadata


def numbered(connection: Connection, table: Table) -> Column[Any] | None:
    """The column whose values the database gives out; None where there is none."""
    columns = list(table.primary_key.columns)
    if len(columns) != 1 or columns[0].type.python_type is not int:
        return None
    if connection.dialect.name == "sqlite":
        return columns[0]
    name = connection.dialect.identifier_preparer.quote(table.name)
    has_sequence = select(func.pg_get_serial_sequence(name, columns[0].name))
    return columns[0] if connection.scalar(has_sequence) is not None else None


def last_number(connection: Connection, table: Table) -> int | None:
    """The highest number that was ever given out; None where the table has no such column."""
    column = numbered(connection, table)
    if column is None:
        return None
    highest = connection.scalar(select(func.max(column))) or 0
    if connection.dialect.name == "sqlite":
        if not inspect(connection).has_table("sqlite_sequence"):
            return int(highest)
        given = connection.scalar(
            text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
        )
    else:
        name = connection.dialect.identifier_preparer.quote(table.name)
        sequence = connection.scalar(select(func.pg_get_serial_sequence(name, column.name)))
        given = connection.scalar(
            text(f"SELECT CASE WHEN is_called THEN last_value END FROM {sequence}")  # noqa: S608 - PostgreSQL's own name of a sequence
        )
    return max(int(highest), int(given or 0))


def _written(column: Column[Any]) -> ColumnElement[Any]:
    """JSON goes out as the text that is stored: `null` of JSON is not NULL of SQL."""
    return cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column
