"""Uploaded files keep the same promises on a disk and in an S3-compatible store."""

import secrets
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.exceptions import GenericError, PermissionDeniedError

from gateway.errors import FileNotFound, StoreUnavailable
from gateway.storage.disk_folders import DiskFolders, Folders
from gateway.storage.file_store import FileStore
from gateway.storage.owners import digest
from gateway.storage.s3_folders import PAUSE_SECONDS, S3Folders
from tests.support.object_store import bucket
from tests.support.servers import free_port

ME, OTHER = "key:shop", "key:other"
LATER = time.time() + 24 * 3600


def s3_folders(s3: str, **more: Any) -> S3Folders:
    """Under a prefix of its own."""
    url = f"s3://desk/{secrets.token_hex(4)}/files"
    return S3Folders(bucket(url, s3), **more)


@pytest.fixture(params=["disk", "s3", "moto"])
def folders(request: pytest.FixtureRequest, tmp_path: Path) -> Folders:
    if request.param == "disk":
        return DiskFolders(tmp_path / "files")
    return s3_folders(request.getfixturevalue(request.param))


@pytest.fixture
def files(folders: Folders) -> FileStore:
    return FileStore(folders)


def add(files: FileStore, name: str = "a.png", owner: str = ME, **more: Any) -> str:
    return files.add(owner, name, "image/png", b"picture", 1, **more).id


def test_a_file_is_its_owners_until_it_is_deleted(files: FileStore) -> None:
    large = bytes(range(256)) * 20_000  # 5 MB: in several pieces
    stored = files.add(ME, "screen.png", "image/png", large, 2)
    assert files.list(ME) == [stored]
    assert files.get(ME, stored.id) == files.of_digest(digest(ME), stored.id) == stored
    assert files.content(ME, stored.id) == large
    assert files.list(OTHER) == []
    for refused in (files.get, files.content, files.delete):
        with pytest.raises(FileNotFound):
            refused(OTHER, stored.id)
    files.delete(ME, stored.id)
    for gone in (files.get, files.content, files.delete):
        with pytest.raises(FileNotFound):
            gone(ME, stored.id)
    assert files.list(ME) == []


@pytest.mark.parametrize("content", [b"", b'{"id":"file-', b"[]", b"7", b'{"id": 7}', b"\xff"])
def test_a_broken_record_is_left_out_counted_and_can_be_deleted(
    folders: Folders, content: bytes
) -> None:
    counted: list[int] = []
    files = FileStore(folders, lambda: counted.append(1))
    broken, whole = (add(files, from_page=True) for _ in range(2))
    folders.put(digest(ME), {f"{broken}.json": content})
    assert [file.id for file in files.list(ME)] == [whole]
    assert [ids for _, ids in files.page_uploads(LATER)] == [(whole,)]
    with pytest.raises(FileNotFound) as told:
        files.get(ME, broken)
    assert told.value.details == {"name": broken}
    assert len(counted) == 3
    files.delete(ME, broken)
    assert folders.names(digest(ME)) == {whole, f"{whole}.json"}
    with pytest.raises(FileNotFound):
        files.delete(ME, broken)


def test_listing_uploading_and_deleting_at_once_never_fails(
    folders: Folders, files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 12
    monkeypatch.setattr("gateway.storage.file_store.MAX_FILES_PER_OWNER", most)
    old = [add(files) for _ in range(most)]
    with ThreadPoolExecutor(8) as threads:
        work: list[Future[Any]] = [threads.submit(add, files) for _ in range(10)]
        work += [threads.submit(files.list, ME) for _ in range(4)]
        work += [threads.submit(files.delete_all, ME, old[:4]) for _ in range(2)]
        work += [threads.submit(files.remove_orphans) for _ in range(2)]
        for one in work:
            one.result()
    add(files)  # those at once may have counted the same files
    assert len(files.list(ME)) <= most
    folders.settle_seconds = -60
    files.remove_orphans()
    assert len(folders.names(digest(ME))) == 2 * len(files.list(ME))


def test_the_oldest_file_goes_where_one_more_would_be_too_many(
    files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.storage.file_store.MAX_FILES_PER_OWNER", 2)
    oldest = add(files)
    time.sleep(1.1)  # a store tells times in whole seconds
    kept = {add(files), add(files)}
    assert oldest not in kept
    assert {file.id for file in files.list(ME)} == kept


def test_a_name_that_no_file_system_and_no_json_holds_is_kept_without_what_is_wrong(
    files: FileStore,
) -> None:
    names = {
        "a\x00b.png": "a\ufffdb.png",
        "\ud800.png": "\ufffd.png",
        "..\\..\\x.png": "x.png",
        "": "upload",
        "a/": "upload",
        "长" * 300: "长" * 255,
    }
    for given, kept in names.items():
        assert files.get(ME, add(files, given)).filename == kept


def test_data_without_a_record_goes_once_no_upload_can_be_at_it(
    folders: Folders, files: FileStore
) -> None:
    whole = add(files)
    folders.put(digest(ME), {"file-orphan-orphan": b"x"})
    assert files.remove_orphans() == 0
    folders.settle_seconds = -60
    assert files.remove_orphans() == 1
    assert files.remove_orphans() == 0
    assert folders.names(digest(ME)) == {whole, f"{whole}.json"}


def test_a_record_that_appears_during_a_sweep_saves_its_file(
    folders: Folders, files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = add(files)
    listed = [(digest(ME), {stored: 0.0})]
    monkeypatch.setattr(folders, "every", lambda: iter(listed))
    assert files.remove_orphans() == 0
    assert files.content(ME, stored) == b"picture"


def test_sweeping_sees_every_owner_and_deletes_twice_without_harm(files: FileStore) -> None:
    mine = {add(files, from_page=True), add(files, from_page=True)}
    theirs, kept = add(files, owner=OTHER, from_page=True), add(files, owner=OTHER)
    found = dict(files.page_uploads(LATER))
    assert {owner: set(ids) for owner, ids in found.items()} == {
        digest(ME): mine,
        digest(OTHER): {theirs},
    }
    assert {owner for owner, _ in files.older_than(LATER)} == {digest(ME), digest(OTHER)}
    assert not list(files.page_uploads(time.time() - 3600))
    assert not list(files.older_than(time.time() - 3600))
    for _ in range(2):
        files.discard(digest(OTHER), (theirs,))
    assert [file.id for file in files.list(OTHER)] == [kept]
    assert (files.erase(digest(ME)), files.erase(digest(ME))) == (2, 0)
    assert files.list(ME) == []


def test_a_store_that_is_gone_is_told_and_asked_again_after_a_pause(
    s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked = 0.0, 0
    folders = s3_folders(s3, clock=lambda: now)
    files = FileStore(folders)
    stored = add(files)

    def fails(*_: Any, **__: Any) -> None:
        nonlocal asked
        asked += 1
        raise GenericError("connection refused")

    with monkeypatch.context() as gone:
        gone.setattr(obstore, "get", fails)
        for _ in range(5):
            with pytest.raises(StoreUnavailable) as told:
                files.get(ME, stored)
        assert (told.value.status, told.value.code) == (503, "upstream_unavailable")
        assert told.value.retry_seconds == PAUSE_SECONDS
        assert asked == 1, "calls that wait would fill the threads of other routes"
        with pytest.raises(StoreUnavailable):
            files.list(ME)
    now += PAUSE_SECONDS
    assert files.get(ME, stored).id == stored
    assert len(files.list(ME)) == 1


def test_one_refused_request_stops_no_other(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = FileStore(s3_folders(s3))
    stored = add(files)

    def refuses(*_: Any, **__: Any) -> None:
        raise PermissionDeniedError("AccessDenied")

    monkeypatch.setattr(obstore, "put", refuses)
    with pytest.raises(StoreUnavailable):
        add(files)
    assert files.content(ME, stored) == b"picture"


def test_an_upload_whose_record_was_not_acknowledged_does_not_appear(
    s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = s3_folders(s3)
    files, put = FileStore(folders), obstore.put

    def put_without_answer(store: Any, path: str, *given: Any, **more: Any) -> Any:
        done = put(store, path, *given, **more)
        if path.endswith(".json"):
            raise GenericError("the connection broke off")
        return done

    with monkeypatch.context() as broken:
        broken.setattr(obstore, "put", put_without_answer)
        with pytest.raises(StoreUnavailable):
            add(files)
    again = S3Folders(bucket(folders.url, s3))
    assert list(again.every()) == []


@pytest.mark.parametrize("url", ["s3://no-such-bucket/files", "s3://desk/files"])
def test_a_store_that_cannot_be_used_does_not_work(s3: str, url: str) -> None:
    is_missing = "no-such" in url
    endpoint = s3 if is_missing else f"http://127.0.0.1:{free_port()}"
    files = FileStore(S3Folders(bucket(url, endpoint)))
    assert not files.works()
    with pytest.raises(StoreUnavailable):
        add(files)


def test_a_place_that_takes_files_works(files: FileStore) -> None:
    assert files.works()
    add(files)
    assert files.works()
