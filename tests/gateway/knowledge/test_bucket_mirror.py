"""Knowledge in an S3-compatible store: a copy of it is read, and stays in use while it is away."""

import contextlib
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import obstore
import pytest
import requests
from obstore.store import S3Store

from gateway.knowledge.bucket_mirror import BucketMirror
from gateway.knowledge.folder_reader import FolderReader
from gateway.storage.s3_store import Bucket
from tests.support.object_store import SECRET, object_store
from tests.support.object_store import bucket as in_store
from tests.support.object_store import settings as settings_of
from tests.support.servers import Running, free_port, running_gateway, wait_until

CLAUSE = "# Zeppelins\n\n3.2 A zeppelin may be returned within {} days.\n"


@pytest.fixture
def bucket(s3: str, request: pytest.FixtureRequest) -> Bucket:
    return in_store(f"s3://desk/{request.node.name[:40]}", s3)


@pytest.fixture
def store(bucket: Bucket) -> S3Store:
    return bucket.open(request="5s")


def copied(mirror: BucketMirror, folder: Path) -> dict[str, bytes]:
    mirror._look_at = 0.0
    mirror.refresh()
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if not path.name.startswith(".")
    }


def test_the_copy_follows_what_is_put_changed_and_removed(
    bucket: Bucket, store: S3Store, tmp_path: Path
) -> None:
    mirror = BucketMirror(bucket, tmp_path)
    for name, data in {"a.md": b"one", "b/c.md": b"two", ".hidden/d.md": b"x"}.items():
        obstore.put(store, name, data)
    assert copied(mirror, tmp_path) == {"a.md": b"one", "b/c.md": b"two"}
    stamp = (tmp_path / "a.md").stat().st_ino
    obstore.put(store, "b/c.md", b"three")
    obstore.put(store, "b/d.md", b"four")
    assert copied(mirror, tmp_path) == {"a.md": b"one", "b/c.md": b"three", "b/d.md": b"four"}
    assert (tmp_path / "a.md").stat().st_ino == stamp, "what has not changed is not touched"
    obstore.delete(store, ["b/c.md", "b/d.md"])
    assert copied(mirror, tmp_path) == {"a.md": b"one"}
    assert not (tmp_path / "b").exists()
    obstore.put(store, "b", b"a file where a folder was")
    assert set(copied(mirror, tmp_path)) == {"a.md", "b"}
    assert mirror.problems == []


def test_what_cannot_be_a_file_is_named_and_what_is_not_read_is_not_copied(
    moto: str, tmp_path: Path
) -> None:
    bucket = in_store("s3://desk/unusable", moto)
    store = bucket.open(request="5s")
    obstore.put(store, "a.md", CLAUSE.format(7).encode())
    obstore.put(store, "old.doc", b"x" * 5000)
    obstore.put(store, "long.md", b"x" * (1024 * 1024 + 1))
    obstore.put(store, "x" * 250 + ".md", b"x")
    obstore.put(store, "b", b"file and folder")
    obstore.put(store, "b/c.md", CLAUSE.format(8).encode())
    snapshot = FolderReader(tmp_path, None, BucketMirror(bucket, tmp_path)).read_changes()
    assert snapshot is not None
    assert sorted(one.path[:7] for one in snapshot.problems) == [
        "b",
        "long.md",
        "old.doc",
        "xxxxxxx",
    ]
    assert len(snapshot.index.clauses) == 2
    assert (tmp_path / "old.doc").stat().st_blocks == 0


def test_an_empty_prefix_and_another_bucket_are_told_apart(
    bucket: Bucket, store: S3Store, tmp_path: Path
) -> None:
    obstore.put(store, "a.md", CLAUSE.format(7).encode())
    mirror = BucketMirror(bucket, tmp_path)
    assert set(copied(mirror, tmp_path)) == {"a.md"}
    obstore.delete(store, "a.md")
    assert set(copied(mirror, tmp_path)) == {"a.md"}
    assert "stays in use" in mirror.problems[0].message
    other = in_store(f"{bucket.url}-other", bucket.endpoint)
    obstore.put(other.open(request="5s"), "b.md", b"x")
    assert not BucketMirror(other, tmp_path).has_copy


def test_a_copy_that_was_cut_off_is_made_again(
    bucket: Bucket, store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.md", "b.md"):
        obstore.put(store, name, b"one")
    mirror = BucketMirror(bucket, tmp_path)
    copied(mirror, tmp_path)
    for name in ("a.md", "b.md"):
        obstore.put(store, name, b"two")

    def cut(self: Path, target: Path) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", cut)
        assert copied(mirror, tmp_path) == {"a.md": b"one", "b.md": b"one"}
    assert "the disk is full" in mirror.problems[0].message
    assert copied(mirror, tmp_path) == {"a.md": b"two", "b.md": b"two"}
    assert mirror.problems == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".new")] == []


@contextlib.contextmanager
def desk(engine: Running, data: Path, endpoint: str, **more: str) -> Iterator[Running]:
    data.mkdir(exist_ok=True)
    settings = {
        "ENGINE": "cpu",
        "READER_URL": "",
        "STAFF_ANONYMOUS": "1",
        "KNOWLEDGE_URL": "s3://desk/knowledge",
        **settings_of(endpoint),
        **more,
    }
    with running_gateway(engine.url, data, **settings) as gateway:
        yield gateway


def knowledge(gateway: Running) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(gateway.url + "/readyz", timeout=5).json()["knowledge"]
    return found


def found(gateway: Running, words: str) -> bool:
    url = gateway.url + "/api/desk/knowledge/search"
    query = {"query": "within how many days may a zeppelin be returned?"}
    return words in requests.get(url, params=query, timeout=5).text


def test_a_change_reaches_every_gateway_within_two_seconds(engine: Running, tmp_path: Path) -> None:
    """Two of them share a volume, the third has its own."""
    with object_store() as endpoint, contextlib.ExitStack() as stack:
        store = in_store("s3://desk/knowledge", endpoint).open(request="5s")
        obstore.put(store, "zeppelins.md", CLAUSE.format(7).encode())
        obstore.put(store, "assistant.toml", b'[name]\nen = "Zeppo"\n')
        shared, own = tmp_path / "shared", tmp_path / "own"
        places = [(shared, "one"), (shared, "two"), (own, "three")]
        gateways = [
            stack.enter_context(
                desk(engine, data, endpoint, DATABASE_URL=f"sqlite:///{tmp_path}/{name}.db")
            )
            for data, name in places
        ]
        spent = []
        for days in (14, 21, 30):
            obstore.put(store, "zeppelins.md", CLAUSE.format(days).encode())
            put = time.monotonic()
            for gateway in gateways:
                wait_until(partial(found, gateway, f"{days} days"), 10)
            spent.append(time.monotonic() - put)
        assert min(spent) < 3, "2 s, and a busy machine"
        for gateway in gateways:
            assert knowledge(gateway)["problems"] == []
            config = requests.get(gateway.url + "/api/config", timeout=5).json()
            assert "Zeppo" in str(config)


def test_the_last_copy_serves_while_the_store_is_away_and_after_a_restart(
    engine: Running, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with contextlib.ExitStack() as stack:
        endpoint = stack.enter_context(object_store())
        store = in_store("s3://desk/knowledge", endpoint).open(request="5s")
        obstore.put(store, "zeppelins.md", CLAUSE.format(7).encode())
        with desk(engine, data, endpoint) as gateway:
            wait_until(lambda: found(gateway, "7 days"), 5)
            stack.close()
            wait_until(lambda: knowledge(gateway)["problems"], 8)
            [problem] = knowledge(gateway)["problems"]
            assert problem.startswith("s3://desk/knowledge: cannot be copied: ")
            assert "stays in use" in problem
            assert SECRET not in problem
            assert found(gateway, "7 days")
    with desk(engine, data, f"http://127.0.0.1:{free_port()}") as again:
        assert found(again, "7 days"), "at once, without waiting for the store"
        wait_until(lambda: knowledge(again)["problems"], 8)


def test_without_any_copy_the_desk_starts_and_says_why_it_knows_nothing(
    engine: Running, tmp_path: Path
) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    with desk(engine, tmp_path / "data", endpoint) as gateway:
        wait_until(lambda: "cannot be copied" in str(knowledge(gateway)["problems"]), 8)
        assert knowledge(gateway)["clauses"] == 0
