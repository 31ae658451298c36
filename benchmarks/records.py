"""`make bench-records`: the page of figures, the inbox and search over a large desk.

Fills PostgreSQL with 1,000,000 turns and SQLite with 200,000, then reads each page several times.
Exits 1 where the best time of one is over its limit.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import psycopg
from sqlalchemy import insert, text

from benchmarks import report
from gateway.handoffs.listing import HandoffLists
from gateway.reports.day_tallies import DayTallies
from gateway.reports.figures import Figures
from gateway.reports.period import DAY_MS, period_of
from gateway.service_hours import service_hours
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.desk_conversations import DeskConversations, Filter
from gateway.storage.file_store import FileStore
from gateway.storage.text_indexing import index_some
from gateway.storage.turns import now
from tests.support.postgres import running_postgres
from tests.support.random_records import MODELS, RandomRecords

TURNS_OF_CONVERSATION = 4.8  # on average
DAYS = 365
TIMES = 5
BATCH = 5_000  # rows of one statement
LIMITS = {"figures": 1.0, "inbox": 0.1, "search": 0.3}  # seconds


@dataclass(frozen=True, slots=True)
class Line:
    """Times of reading one page, in seconds. `kind` names its limit."""

    database: str
    kind: str
    page: str
    times: list[float]

    @property
    def is_over(self) -> bool:
        return min(self.times) > LIMITS[self.kind]

    def row(self) -> str:
        ordered = sorted(self.times)
        best, middle = 1000 * ordered[0], 1000 * ordered[len(ordered) // 2]
        limit = 1000 * LIMITS[self.kind]
        return f"| {self.database} | {self.page} | {best:.0f} | {middle:.0f} | {limit:.0f} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brief", action="store_true", help="a tenth of the turns, no report")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    given = parser.parse_args()
    share = 10 if given.brief else 1
    lines: list[Line] = []
    if given.only != "postgresql":
        lines += of_sqlite(200_000 // share)
    if given.only != "sqlite":
        lines += of_postgresql(1_000_000 // share)
    table = "\n".join(line.row() for line in lines)
    section = TEXT.format(machine=report.machine(), days=DAYS, times=TIMES, table=table)
    print(section)
    if not given.brief and given.only is None:
        report.write("bench-records", section)
    return int(any(line.is_over for line in lines))


TEXT = """## Figures, inbox and search on a large desk

`make bench-records`, {machine}.
1,000,000 turns in PostgreSQL and 200,000 in SQLite, over {days} days, with ratings, hand-overs and
actions; {times} times each.

| database | page | best, ms | median, ms | to reach |
| --- | --- | ---: | ---: | ---: |
{table}"""


def of_sqlite(turns: int) -> list[Line]:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/desk.db", lambda: None)
        try:
            for table, rows in batches(turns):
                with database.connected() as connection:
                    connection.execute(insert(MODELS[table]), rows)
            with database.outside_transactions() as connection:
                connection.exec_driver_sql("ANALYZE")
            prepare(database)
            return measured("SQLite", database, Path(folder))
        finally:
            database.close()


def of_postgresql(turns: int) -> list[Line]:
    with tempfile.TemporaryDirectory() as folder, running_postgres() as server:
        database = open_database(server.url(), lambda: None)
        try:
            with psycopg.connect(server.url(), autocommit=False) as connection:
                for table, rows in batches(turns):
                    copy(connection, table, rows)
            with database.outside_transactions() as connection:
                connection.execute(text("SET statement_timeout = 0"))
                connection.execute(text("VACUUM ANALYZE"))
            prepare(database)
            return measured("PostgreSQL", database, Path(folder))
        finally:
            database.close()


def prepare(database: Database) -> None:
    """What background tasks do once."""
    while index_some(database):
        pass
    tallies = DayTallies(database)
    for day in tallies.missing(now()):
        tallies.keep(day, now())


def batches(turns: int) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """Rows of one table each, parents first."""
    span = DAYS * DAY_MS
    conversations = round(turns / TURNS_OF_CONVERSATION)
    waiting: dict[str, list[dict[str, Any]]] = {name: [] for name in MODELS}
    for table, row in RandomRecords(1, conversations, now() - span, span, subjects=400):
        waiting[table].append(row)
        if len(waiting["turns"]) >= BATCH:
            yield from ((name, rows) for name, rows in waiting.items() if rows)
            waiting = {name: [] for name in MODELS}
    yield from ((name, rows) for name, rows in waiting.items() if rows)


def copy(connection: Any, table: str, rows: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    names = ", ".join(f'"{name}"' for name in columns)
    missing = {
        column.name: ""
        for column in MODELS[table].__table__.columns
        if column.name not in columns and not column.nullable and column.server_default is None
    }
    assert not missing, missing
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as to:
        for row in rows:
            to.write_row([_plain(row.get(name)) for name in columns])


def _plain(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


def measured(name: str, database: Database, folder: Path) -> list[Line]:
    figures = Figures(database, 2)
    files = FileStore(folder / "files")
    desk, own = DeskConversations(database, files), Conversations(database, files)
    handoffs = HandoffLists(database, service_hours(""))
    month = period_of("", "", "Asia/Shanghai", now())
    year = period_of("0", "", "Asia/Shanghai", now())
    pages: list[tuple[str, str, Callable[[], Any]]] = [
        ("figures", "figures of 30 days", lambda: figures.read(month)),
        ("figures", "figures of all time", lambda: figures.read(year)),
        ("inbox", "inbox: open hand-overs", lambda: handoffs.page("anna", "open", 50)),
        ("inbox", "conversations, newest", lambda: desk.page("", None, 50)),
        ("search", "search, a rare text", lambda: desk.page("271828", None, 50)),
        ("search", "search, a common word", lambda: desk.page("退货", None, 50)),
        ("search", "search, nothing found", lambda: desk.page("量子纠缠", None, 50)),
        ("search", "a customer's own search", lambda: own.page("key:shop", "退货")),
    ]
    filters: tuple[Filter, ...] = ("handoff", "down", "no_clause", "ungrounded", "action")
    for filter_ in filters:
        pages.append(("inbox", f"conversations, {filter_}", partial(desk.page, "", filter_, 50)))
    return [
        Line(name, kind, page, [timed(read) for _ in range(TIMES)]) for kind, page, read in pages
    ]


def timed(read: Callable[[], Any]) -> float:
    began = time.perf_counter()
    read()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
