"""Slow uploads delay no other route; full disks and killed gateways leave nothing half."""

import contextlib
import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from gateway.errors import StoreUnavailable
from gateway.storage.file_records import read_record
from gateway.storage.file_store import FileStore
from tests.support.http_client import until
from tests.support.pictures import encoded, pdf
from tests.support.servers import Running, running_gateway, wait_for, wait_until

UPLOADS = 80
THREADS = 40  # that FastAPI runs plain functions in


def upload(gateway: Running, number: int) -> int:
    files = {"file": ("contract.pdf", pdf(2, tail=b"%d" % number))}
    return requests.post(gateway.url + "/api/files", files=files, timeout=120).status_code


def test_pages_that_wait_to_be_rendered_hold_up_no_other_route(gateway: Running) -> None:
    with ThreadPoolExecutor(UPLOADS) as senders:
        sent = [senders.submit(upload, gateway, number) for number in range(UPLOADS)]
        until(lambda: any(one.done() for one in sent), 60)
        for path in ("/api/config", "/api/files", "/v1/models"):
            assert requests.get(gateway.url + path, timeout=60).ok
        waiting = sum(not one.done() for one in sent)
        assert waiting > THREADS, (
            "in the threads' order the other routes would come after most of the uploads"
        )
        assert {one.result() for one in sent} == {200}


def test_a_disk_that_takes_no_more_is_told_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = FileStore(tmp_path)
    files.add("key:shop", "a.png", "image/png", b"x", 1)
    (folder,) = tmp_path.iterdir()
    monkeypatch.setattr("gateway.storage.atomic_files.os.fsync", lambda _: _full())
    with pytest.raises(StoreUnavailable, match="No space left on device") as told:
        files.add("key:shop", "b.png", "image/png", b"y", 1)
    assert (told.value.status, told.value.retry_seconds) == (503, 60)
    assert told.value.details == {"reason": "No space left on device", "retry_after": 60}
    assert len(list(folder.iterdir())) == 2


def _full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def records(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.json"))


def test_what_a_killed_upload_left_is_removed_and_what_is_being_written_is_not(
    tmp_path: Path,
) -> None:
    files = FileStore(tmp_path)
    whole = files.add("key:shop", "a.png", "image/png", b"x", 1)
    (folder,) = tmp_path.iterdir()
    orphan, young = folder / "file-orphan-orphan", folder / "file-young-young"
    part, writing = folder / ".file-orphan.json.part", folder / ".file-young.json.part"
    for path in (orphan, young, part, writing):
        path.write_bytes(b"x")
    for path in (orphan, part):
        os.utime(path, (0, 0))
    assert files.remove_orphans() == 2
    assert {path.name for path in folder.iterdir()} == {
        young.name,
        writing.name,
        whole.id,
        f"{whole.id}.json",
    }


def test_uploads_that_are_killed_leave_no_broken_record_and_no_lasting_data(
    engine: Running, tmp_path: Path
) -> None:
    settings = {"API_KEYS": "shop:sk-shop", "ENGINE": "cpu", "READER_URL": ""}
    key = {"authorization": "Bearer sk-shop"}

    def uploading(url: str) -> None:
        with contextlib.suppress(requests.RequestException):
            while requests.post(
                url + "/v1/files", files={"file": ("a.png", encoded("PNG"))}, headers=key, timeout=5
            ):
                pass

    for _ in range(3):
        with running_gateway(
            engine.url, tmp_path, **settings, RATE_LIMIT_API="100000/minute"
        ) as gateway:
            wait_for(gateway.url + "/readyz")
            before = len(records(tmp_path / "files"))
            with ThreadPoolExecutor(4) as senders:
                for _ in range(4):
                    senders.submit(uploading, gateway.url)
                wait_until(lambda: len(records(tmp_path / "files")) > before, 60)  # noqa: B023 - called at once
                time.sleep(0.2)
                gateway.process.kill()
    kept = records(tmp_path / "files")
    assert kept
    for record in kept:
        file = read_record(record.read_bytes())
        assert record.with_suffix("").stat().st_size == file.bytes
    for left in (tmp_path / "files").glob("*/*"):
        os.utime(left, (0, 0))
    FileStore(tmp_path / "files").remove_orphans()
    assert {path.stem for path in (tmp_path / "files").glob("*/*")} == {
        record.stem for record in kept
    }
