"""The business's SQLite database: its tables, the sample data, and its transactions."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from examples.business.problems import Problem

SAMPLE = Path(__file__).parent / "sample.json"
FILE = "business.db"
BUSY_SECONDS = 10
# Columns of the type words hold JSON: {"zh": …, "en": …}.
SCHEMA = """
create table customers (user text primary key, name text, email text, phone text);
create table parcels (waybill text primary key, carrier words, status words, origin words,
    destination words, estimate text);
create table events (waybill text, time text, place words, text words);
create table invoices (number text primary key, user text, title text, tax_number text,
    amount text, issued text, order_number text, booked integer, state text);
create table red_letters (id integer primary key, number text unique, invoice text unique,
    title text, tax_number text, state text, created text, expected_by text);
create table stock (sku text primary key, name words, quantity integer, warehouse text);
create table orders (number text primary key, user text, state text, placed text, sku text,
    quantity integer, amount text, address text, waybill text);
create table errors (user text, time text, app text, code text, text words);
create table notifications (id integer primary key, user text, channel text, recipient text,
    subject text, text text, created text);
create table keys (key text primary key, request text, answer words);
"""

Row = dict[str, Any]


class Store:
    """Opens a connection for each request. Makes and fills the file where there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        sqlite3.register_converter("words", json.loads)
        path.parent.mkdir(parents=True, exist_ok=True)
        with self.writing() as db:
            if not db.execute("select 1 from sqlite_master where name = 'keys'").fetchone():
                fill(db)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        opened = sqlite3.connect(
            self._path,
            BUSY_SECONDS,
            detect_types=sqlite3.PARSE_DECLTYPES,
            isolation_level=None,  # we begin and commit ourselves
        )
        with closing(opened) as db:
            db.row_factory = sqlite3.Row
            yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, committed at the end and rolled back by an exception."""
        with self.reading() as db:
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")

    def once(
        self, key: str | None, request: Mapping[str, Any], act: Callable[[sqlite3.Connection], Row]
    ) -> Row:
        """Runs `act` in a transaction, once for each Idempotency-Key: a repeated key gets the first
        answer. What `act` refuses has changed nothing, so it is not kept and may be tried again.

        Raises Problem where the key came with another request before.
        """
        digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        with self.writing() as db:
            if key and (known := one(db, "select * from keys where key = ?", key)):
                if known["request"] != digest:
                    raise Problem(
                        422,
                        "key_reused",
                        "这个 Idempotency-Key 已用于另一个请求。",
                        "This Idempotency-Key belongs to another request.",
                    )
                answer: Row = known["answer"]
                return answer
            answer = act(db)
            if key:
                db.execute("insert into keys values (?, ?, ?)", (key, digest, json.dumps(answer)))
            return answer


def fill(db: sqlite3.Connection) -> None:
    """Creates the tables and inserts the sample data."""
    for statement in SCHEMA.split(";"):
        db.execute(statement)
    for table, rows in json.loads(SAMPLE.read_text("utf-8")).items():
        for row in rows:
            values = [
                json.dumps(value) if isinstance(value, dict) else value for value in row.values()
            ]
            # The names come from our own sample file.
            db.execute(
                f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})",
                values,
            )


def every(db: sqlite3.Connection, query: str, *values: object) -> list[Row]:
    return [dict(row) for row in db.execute(query, values)]


def one(db: sqlite3.Connection, query: str, *values: object) -> Row | None:
    row = db.execute(query, values).fetchone()
    return row and dict(row)
