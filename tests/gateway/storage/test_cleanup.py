"""Files that the page uploaded and no question used are deleted."""

import os
import time
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import text

from gateway.errors import StoreUnavailable
from gateway.storage.cleanup import LOCK, UNUSED_SECONDS, sweep, sweep_alone
from gateway.storage.database import Database, open_database
from gateway.storage.file_store import FileStore
from gateway.storage.one_gateway import alone
from tests.support.http_client import until
from tests.support.pictures import encoded
from tests.support.postgres import Postgres
from tests.support.servers import Running, running_gateway, wait_for

SETTINGS = {"API_KEYS": "shop:sk-shop", "ENGINE": "cpu", "READER_URL": ""}
KEY = {"authorization": "Bearer sk-shop"}
DAY = 24 * 3600


def upload(gateway: Running, path: str) -> str:
    files = {"file": ("screen.png", encoded("PNG"))}
    answer = requests.post(gateway.url + path, files=files, headers=KEY, timeout=20)
    return str(answer.json()["id"])


def ask(gateway: Running, file_id: str) -> None:
    content = [
        {"type": "text", "text": "what is this"},
        {"type": "file", "file": {"file_id": file_id}},
    ]
    asked: dict[str, Any] = {"stream": False, "messages": [{"role": "user", "content": content}]}
    assert requests.post(gateway.url + "/api/chat", json=asked, headers=KEY, timeout=20).ok


def age(data: Path, file_id: str, seconds: float) -> None:
    (record,) = data.glob(f"files/*/{file_id}.json")
    os.utime(record, (time.time() - seconds,) * 2)


def test_after_a_week_only_what_was_sent_for_nothing_is_gone(
    engine: Running, tmp_path: Path
) -> None:
    with running_gateway(engine.url, tmp_path, **SETTINGS) as gateway:
        wait_for(gateway.url + "/readyz")
        named, forgotten, young = (upload(gateway, "/api/files") for _ in range(3))
        integrators = upload(gateway, "/v1/files")
        ask(gateway, named)
    for file_id in (named, forgotten, integrators):
        age(tmp_path, file_id, UNUSED_SECONDS + DAY)
    age(tmp_path, young, UNUSED_SECONDS - DAY)
    with running_gateway(engine.url, tmp_path, **SETTINGS) as gateway:
        until(lambda: _status(gateway, forgotten) == 404)
        assert [_status(gateway, file_id) for file_id in (named, young, integrators)] == [
            200,
            200,
            200,
        ]
        assert not list(tmp_path.glob(f"files/*/{forgotten}*"))
        told = requests.get(f"{gateway.url}/v1/files/{integrators}", headers=KEY, timeout=5).json()
        assert "from_page" not in told, "OpenAI's file object knows nothing of it"


def test_one_gateway_sweeps_at_a_time_and_one_that_died_leaves_it_to_the_others(
    postgres: Postgres, tmp_path: Path
) -> None:
    files = FileStore(tmp_path / "files")
    first, second = (open_database(postgres.url(), failed=lambda: None) for _ in range(2))
    later = time.time() + DAY
    try:
        files.add("key:shop", "a.png", "image/png", b"x", 1, from_page=True)
        with alone(first, LOCK) as is_alone:
            assert is_alone
            assert sweep_alone(files, second, later) == (0, 0)
            assert len(files.list("key:shop")) == 1
            end_connections(second, first.writer)
            assert sweep_alone(files, second, later) == (1, 0)
    except StoreUnavailable:
        pass  # the first one's connection is gone
    finally:
        first.close()
        second.close()
    assert files.list("key:shop") == []


def test_the_server_gives_up_a_gateway_whose_machine_is_gone_within_half_a_minute(
    postgres: Postgres,
) -> None:
    database = open_database(postgres.url(), failed=lambda: None)
    names = ("idle", "interval", "count")
    try:
        with database.outside_transactions() as connection:
            idle, interval, count = (
                int(str(connection.scalar(text(f"SHOW tcp_keepalives_{name}")))) for name in names
            )
    finally:
        database.close()
    assert 0 < idle + interval * count <= 30


def end_connections(database: Database, name: str) -> None:
    """Those of the gateway of that name, as where its process has died."""
    ending = text(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE application_name = :name"
    )
    with database.outside_transactions() as connection:
        assert all(connection.scalars(ending, {"name": name}))


def test_a_file_without_a_readable_record_stays(tmp_path: Path) -> None:
    files = FileStore(tmp_path / "files")
    stored = files.add("key:shop", "a.png", "image/png", b"x", 1, from_page=True)
    (record,) = (tmp_path / "files").glob("*/*.json")
    record.write_bytes(b"{half of")
    database = open_database(f"sqlite:///{tmp_path}/desk.db", failed=lambda: None)
    try:
        assert sweep(files, database, time.time() + DAY) == 0
    finally:
        database.close()
    assert record.with_name(stored.id).exists()


def _status(gateway: Running, file_id: str) -> int:
    return requests.get(f"{gateway.url}/api/files/{file_id}", headers=KEY, timeout=5).status_code
