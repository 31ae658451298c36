"""Slow uploads delay no other route; full disks and broken records are handled."""

import contextlib
import errno
import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.errors import FileNotFound, StoreUnavailable
from gateway.storage.file_records import read_record
from gateway.storage.file_store import MAX_FILES_PER_OWNER, FileStore
from tests.support.http_client import until
from tests.support.pictures import encoded, pdf
from tests.support.servers import Running, running_gateway, wait_for

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


@pytest.mark.parametrize("content", [b"", b'{"id":"file-', b"[]", b"7", b'{"id": 7}', b"\xff"])
def test_a_broken_record_is_left_out_counted_and_can_be_deleted(
    tmp_path: Path, content: bytes
) -> None:
    counted: list[int] = []
    files = FileStore(tmp_path, lambda: counted.append(1))
    broken, whole = (
        files.add("key:shop", f"{n}.png", "image/png", b"x", 1, from_page=True) for n in range(2)
    )
    (record,) = [path for path in records(tmp_path) if path.stem == broken.id]
    record.write_bytes(content)
    assert files.list("key:shop") == [whole]
    assert [ids for _, ids in files.page_uploads(time.time() + 10)] == [(whole.id,)]
    with pytest.raises(FileNotFound) as told:
        files.get("key:shop", broken.id)
    assert told.value.details == {"name": broken.id}
    assert len(counted) == 3
    files.delete("key:shop", broken.id)
    assert sorted(path.name for path in record.parent.iterdir()) == [whole.id, f"{whole.id}.json"]
    with pytest.raises(FileNotFound):
        files.delete("key:shop", broken.id)


def test_listing_uploading_and_deleting_at_once_never_fails(tmp_path: Path) -> None:
    files = FileStore(tmp_path)
    first = files.add("key:shop", "a.png", "image/png", b"x", 1)
    (record,) = records(tmp_path)
    ids = [f"file-{number:024d}" for number in range(MAX_FILES_PER_OWNER)]
    for number, file_id in enumerate(ids):
        (record.parent / file_id).write_bytes(b"x")
        path = record.with_name(f"{file_id}.json")
        path.write_bytes(record.read_bytes().replace(first.id.encode(), file_id.encode()))
        os.utime(path, (number, number))
    with ThreadPoolExecutor(8) as threads:
        work: list[Future[Any]] = [
            threads.submit(files.add, "key:shop", "b.png", "image/png", b"y", 1) for _ in range(60)
        ]
        work += [threads.submit(files.list, "key:shop") for _ in range(20)]
        work += [threads.submit(files.delete_all, "key:shop", ids[:300]) for _ in range(2)]
        for one in work:
            one.result()
    assert len(records(tmp_path)) <= MAX_FILES_PER_OWNER
    assert files.remove_orphans() == 0


def test_a_name_that_no_file_system_and_no_json_holds_is_kept_without_what_is_wrong(
    tmp_path: Path,
) -> None:
    files = FileStore(tmp_path)
    names = {
        "a\x00b.png": "a\ufffdb.png",
        "\ud800.png": "\ufffd.png",
        "..\\..\\x.png": "x.png",
        "": "upload",
        "a/": "upload",
        "长" * 300: "长" * 255,
    }
    for given, kept in names.items():
        stored = files.add("key:shop", given, "image/png", b"x", 1)
        assert files.get("key:shop", stored.id).filename == kept


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
            with ThreadPoolExecutor(4) as senders:
                for _ in range(4):
                    senders.submit(uploading, gateway.url)
                time.sleep(0.5)
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
