"""A backup comes back as it was, on either database, and what was there stays until then."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, make_url, select, text

from gateway.backup.archive import BadArchive, checked
from gateway.backup.create import BackupFailed
from gateway.backup.restore import restore
from gateway.backup.verify import verify
from gateway.storage import migration, schema
from gateway.storage.action_tables import Action, AuditEntry
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.file_store import FileStore
from gateway.storage.models import TABLES
from gateway.storage.sql_engine import normal
from gateway.storage.text_indexing import index_some
from tests.support.backups import (
    Desk,
    filled_desk,
    packed,
    propose,
    unpacked,
    with_manifest,
)
from tests.support.databases import ME, ask, emptied, texts
from tests.support.postgres import Postgres


@pytest.fixture
def desk(tmp_path: Path, url: str) -> Desk:
    return filled_desk(tmp_path / "old", url)


def opened(url: str) -> Database:
    return open_database(url, lambda: None)


def said(url: str) -> list[str]:
    database = opened(url)
    try:
        return texts(Conversations(database, FileStore(Path("none"))))
    finally:
        database.close()


QUESTIONS = [f"退货怎么办 {number}" for number in range(3)]
ANSWERS = [f"answer {number}" for number in range(3)]
ALL = [text for pair in zip(QUESTIONS, ANSWERS, strict=True) for text in pair]


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_backup_of_either_database_comes_back_in_either_one(
    desk: Desk, tmp_path: Path, target: str, postgres: Postgres
) -> None:
    file = desk.backup()
    url = f"sqlite:///{tmp_path}/new/data/desk.db" if target == "sqlite" else emptied(postgres)
    data = tmp_path / "new" / "data"
    restore(file, url, data)
    assert said(url) == ALL
    assert (data / "files/owner/file-1").read_text() == "a picture"
    assert sorted(path.name for path in data.iterdir() if path.suffix != ".db") == [
        "api-keys.json",
        "files",
    ]
    database = opened(url)
    while index_some(database):
        pass
    found = Conversations(database, FileStore(data / "files")).page(ME, "退货怎么办")
    assert len(found["data"]) == 1
    ask(database, 9, conversation_id="conversation-1")  # its number is a new one
    assert texts(Conversations(database, FileStore(data)))[-1] == "answer 9"
    database.close()


def test_what_came_after_the_backup_is_gone_and_numbers_go_on(desk: Desk) -> None:
    database = opened(desk.url)
    ask(database, 7, conversation_id="deleted")
    with database.writing() as session:
        session.execute(text("DELETE FROM conversations WHERE id = 'deleted'"))
    database.close()
    file = desk.backup()
    database = opened(desk.url)
    ask(database, 8, conversation_id="later")
    database.close()
    (desk.root / "data/files/owner/file-2").write_text("later")
    restore(file, desk.url, desk.root / "data")
    assert said(desk.url) == ALL
    assert not (desk.root / "data/files/owner/file-2").exists()
    database = opened(desk.url)
    ask(database, 10, conversation_id="next")
    with database.reading() as session:
        newest = session.scalar(text("SELECT max(number) FROM turns"))
    database.close()
    assert newest == 10  # 6 turns, 2 deleted ones, 2 new ones


def test_null_of_json_and_a_missing_value_stay_apart(desk: Desk, tmp_path: Path) -> None:
    statement = "SELECT count(*) FROM actions WHERE before IS NULL"
    database = opened(desk.url)
    with database.writing() as session:
        session.execute(text("UPDATE actions SET before = 'null'"))
        session.execute(text("UPDATE turns SET tools = NULL"))
        session.execute(text("UPDATE turns SET suggestions = 'null'"))
    database.close()
    file = desk.backup()
    restore(file, f"sqlite:///{tmp_path}/b.db", tmp_path / "b")
    database = opened(f"sqlite:///{tmp_path}/b.db")
    with database.reading() as session:
        assert session.scalar(text(statement.replace("actions", "actions"))) == 0
        assert session.scalar(text("SELECT count(*) FROM turns WHERE tools IS NULL")) == 6
        assert session.scalar(text("SELECT count(*) FROM turns WHERE suggestions IS NULL")) == 0
    database.close()


def test_an_open_action_is_not_carried_out_again(desk: Desk) -> None:
    database = opened(desk.url)
    propose(database, "action-2", "proposed")
    propose(database, "action-3", "running")
    propose(database, "action-4", "done")
    database.close()
    restore(desk.backup(), desk.url, desk.root / "data")
    database = opened(desk.url)
    with database.reading() as session:
        actions = list(session.scalars(select(Action)))
        found = {one.id: one.status for one in actions}
        told = {one.error for one in actions if one.status == "unknown"}
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action_id == "action-1"))
        steps = [(one.now, one.reason) for one in entries]
    database.close()
    assert found == {
        "action-1": "unknown",
        "action-2": "expired",
        "action-3": "unknown",
        "action-4": "done",
    }
    assert [step for step, _ in steps] == ["confirmed", "running", "unknown"]
    assert "restored from a backup" in steps[-1][1]
    assert told == {"数据从备份恢复，备份之后的情况不明。"}


@pytest.mark.parametrize("revision", ["0001", "0004", "0007"])
def test_a_backup_of_an_earlier_version_is_migrated_or_kept_as_it_was(
    tmp_path: Path, url: str, revision: str
) -> None:
    engine = create_engine(normal(make_url(url)))
    with engine.begin() as connection:
        migration.make_at(connection, revision)
        columns = [one["name"] for one in inspect(connection).get_columns("conversations")]
        values = ", ".join("1" if name.endswith("_at") else "'x'" for name in columns)
        connection.execute(text(f"INSERT INTO conversations VALUES ({values})"))
    engine.dispose()
    desk = Desk(tmp_path / "desk", url)
    file = desk.backup()
    verified = verify(file, url, tmp_path)
    assert next(step.revision for step in verified.migrated) > revision
    for as_saved, expected in ((False, schema.NEWEST), (True, revision)):
        restore(file, url, desk.root / "data", as_saved=as_saved)
        with engine.begin() as connection:
            assert schema.revision(connection) == expected
            assert connection.scalar(text("SELECT count(*) FROM conversations")) == 1
        engine.dispose()


def test_a_backup_of_a_newer_database_is_refused(desk: Desk) -> None:
    contents = with_manifest(unpacked(desk.backup()), revision="9999", version="9.0")
    file = packed(desk.root / "newer.tar.gz", contents)
    for act in (verify, restore):
        with pytest.raises(BadArchive, match=r"newer version, 9\.0") as caught:
            act(file, desk.url, desk.root / "data")
        assert "\n" not in str(caught.value)
    assert said(desk.url) == ALL


def wrong_archives(desk: Desk) -> dict[str, Path]:
    contents = unpacked(desk.backup())
    rows = contents["database/turns/00001.jsonl"].splitlines(keepends=True)
    broken = {
        "less": {"database/turns/00001.jsonl": b"".join(rows[:-1])},
        "table": {"database/strange/00001.jsonl": b'["a"]\n'},
        "column": {"database/turns/00001.jsonl": b'["strange"]\n[1]\n'},
        "columns": {"database/turns/00001.jsonl": b"[1, 2]\n"},
        "number": {"database/turns/00001.jsonl": b'["number"]\n[18446744073709551615]\n'},
        "orphan": {"database/conversations/00001.jsonl": b'["id"]\n'},
    }
    return {
        name: packed(desk.root / f"{name}.tar.gz", with_manifest({**contents, **change}))
        for name, change in broken.items()
    }


def state(desk: Desk) -> Any:
    files = desk.root / "data"
    return said(desk.url), sorted(
        (str(path.relative_to(files)), path.read_bytes())
        for path in files.rglob("*")
        if path.is_file() and not re.match(r"sightdesk\.db|desk\.db", path.name)
    )


def test_what_was_there_stays_where_a_backup_cannot_be_restored(desk: Desk) -> None:
    before = state(desk)
    for name, file in wrong_archives(desk).items():
        checked(file)  # its digests fit: the fault is found later
        with pytest.raises((BadArchive, BackupFailed)):
            restore(file, desk.url, desk.root / "data")
        assert state(desk) == before, name


@pytest.mark.parametrize("line", [b"no json", b'{"id": 1}', b"17", b"[1, 2]", b"\xff\xfe"])
def test_a_row_that_cannot_be_read_is_named_by_table_and_line(desk: Desk, line: bytes) -> None:
    contents = unpacked(desk.backup())
    name = "database/turns/00001.jsonl"
    rows = contents[name].splitlines(keepends=True)
    rows[2] = line + b"\n"
    file = packed(desk.root / "row.tar.gz", with_manifest({**contents, name: b"".join(rows)}))
    for act in (verify, restore):
        with pytest.raises(BadArchive, match=f"^{name}, line 3: no JSON list of [0-9]+ values$"):
            act(file, desk.url, desk.root / "data")
    assert said(desk.url) == ALL


def test_files_come_back_where_the_new_database_cannot_be_put_in_place(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not desk.url.startswith("sqlite"):
        pytest.skip("PostgreSQL's commit is the last step there")
    before = state(desk)
    file = desk.backup()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateway.backup.restore.replace_sqlite", full)
    with pytest.raises(BackupFailed, match="No space left"):
        restore(file, desk.url, desk.root / "data")
    assert state(desk) == before


def test_a_database_that_a_gateway_has_open_is_not_replaced(desk: Desk) -> None:
    if not desk.url.startswith("sqlite"):
        pytest.skip("PostgreSQL locks its tables")
    file = desk.backup()
    database = opened(desk.url)
    with database.reading() as session:
        session.execute(text("SELECT 1 FROM turns"))
        with pytest.raises(BackupFailed, match="stop it first"):
            restore(file, desk.url, desk.root / "data")
    database.close()
    restore(file, desk.url, desk.root / "data")


def test_a_damaged_database_is_replaced(desk: Desk) -> None:
    if not desk.url.startswith("sqlite"):
        pytest.skip("PostgreSQL has no file")
    file = desk.backup()
    Path(str(make_url(desk.url).database)).write_bytes(b"rubbish" * 1000)
    restore(file, desk.url, desk.root / "data")
    assert said(desk.url) == ALL


def test_verifying_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    file = desk.backup()
    database = opened(desk.url)
    ask(database, 5)
    database.close()
    before = state(desk)
    verified = verify(file, desk.url, tmp_path)
    assert (verified.manifest.tables["turns"], verified.migrated) == (6, [])
    assert state(desk) == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_what_a_restore_replaces_is_every_table_of_this_version() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        schema.upgrade(connection)
        made = set(inspect(connection).get_table_names())
    others = {name for name in made if name.startswith("turn_index")} | {"alembic_version"}
    assert sorted(table.__tablename__ for table in TABLES) == sorted(made - others)
