"""Every released revision of the database comes to the newest one with its data, and goes back
where its migration says so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Engine,
    MetaData,
    String,
    create_engine,
    inspect,
    make_url,
    select,
    text,
)

from gateway.settings import WrongSettings
from gateway.storage import migration, schema
from gateway.storage.database import open_database
from gateway.storage.sql_engine import normal
from tests.support.databases import emptied

REVISIONS = [step.revision for step in migration.steps()]
# What a row holds beside the value that its type gives.
VALUES: dict[str, Any] = {
    "role": "assistant",
    "state": "done",
    "status": "open",
    "writer": None,
    "grounding": {"supported": False, "unsupported": ["3"]},
}
# Migration 0005 gives old hand-overs a number and a state; 0006 fills what figures count.
CHANGED = {
    "handoffs": {"status", "number", "owner", "missed_at"},
    "turns": {"is_ungrounded", "topic", "subject", "subject_kind"},
    "feedback": {"asked_at"},
}


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = create_engine(normal(make_url(url)))
    yield made
    made.dispose()


def fill(connection: Connection) -> None:
    """One row in each table of this revision; each names the others that it belongs to."""
    metadata = reflected(connection)
    for table in metadata.sorted_tables:
        row = {column.name: value_of(column) for column in table.columns}
        connection.execute(table.insert().values(row))


def value_of(column: Any) -> Any:
    if column.name in VALUES:
        return VALUES[column.name]
    kinds: tuple[tuple[type, Any], ...] = ((JSON, []), (Boolean, False), (String, "text"))
    return next((value for kind, value in kinds if isinstance(column.type, kind)), 1)


def reflected(connection: Connection) -> MetaData:
    metadata = MetaData()
    names = [
        name
        for name in inspect(connection).get_table_names()
        if name != "alembic_version" and not name.startswith(("turn_index", "sqlite_"))
    ]
    metadata.reflect(connection, only=names)
    return metadata


def rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
        for table in reflected(connection).sorted_tables
    }


def columns(connection: Connection) -> dict[str, list[str]]:
    tables = reflected(connection).sorted_tables
    return {table.name: sorted(table.columns.keys()) for table in tables}


def test_the_newest_revision_is_the_one_that_the_start_compares_with() -> None:
    scripts = ScriptDirectory.from_config(migration.configuration())
    assert scripts.get_current_head() == schema.NEWEST == REVISIONS[-1]


def test_each_migration_says_whether_it_goes_back_and_what_that_means() -> None:
    assert all(step.title and step.back.endswith(".") for step in migration.steps())
    modules = ScriptDirectory.from_config(migration.configuration()).walk_revisions()
    for one in modules:
        assert hasattr(one.module, "downgrade") == one.module.GOES_BACK, one.revision


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_released_database_is_upgraded_with_its_data(
    engine: Engine, url: str, revision: str
) -> None:
    with engine.begin() as connection:
        migration.make_at(connection, revision)
        fill(connection)
        before = rows(connection)
    open_database(url, lambda: None).close()
    with engine.begin() as connection:
        after = rows(connection)
        assert schema.revision(connection) == schema.NEWEST
    assert set(before) <= set(after)
    for table, old in before.items():
        assert len(after[table]) == len(old) == 1, table
        kept = old[0].keys() - CHANGED.get(table, set())
        assert {name: after[table][0][name] for name in kept} == {
            name: old[0][name] for name in kept
        }, table


def test_a_migration_that_goes_back_leaves_the_earlier_tables_with_their_rows(
    engine: Engine, url: str, request: pytest.FixtureRequest
) -> None:
    tried = 0
    for before, step in zip([None, *migration.steps()], migration.steps(), strict=False):
        if before is None or not step.goes_back:
            continue
        if engine.dialect.name == "sqlite":
            engine.dispose()
            Path(str(engine.url.database)).write_bytes(b"")
        else:
            emptied(request.getfixturevalue("postgres"))
        with engine.begin() as connection:
            migration.make_at(connection, before.revision)
            wanted = columns(connection)
            migration.make_at(connection, step.revision)
            fill(connection)
            migration.take_back(connection, before.revision)
            assert columns(connection) == wanted, step.revision
            assert all(len(held) == 1 for held in rows(connection).values()), step.revision
            migration.make_at(connection, step.revision)  # and forth once more
        tried += 1
    assert tried == sum(step.goes_back for step in migration.steps())


def test_a_newer_database_stops_the_start_with_one_line(engine: Engine, url: str) -> None:
    with engine.begin() as connection:
        migration.make_at(connection, schema.NEWEST)
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongSettings, match="newer than this version") as caught:
        open_database(url, lambda: None)
    assert "\n" not in str(caught.value)
