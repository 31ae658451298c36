"""Uploads that take their time take it from nobody else."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from benchmarks.servers import Running
from gateway.errors import StoreUnavailable
from gateway.files.store import FileStore
from tests.gateway.asking import until
from tests.gateway.hostile.pictures import pdf

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
        assert waiting > THREADS, "in the threads' order the other routes would come after most of the uploads"
        assert {one.result() for one in sent} == {200}


def test_a_disk_that_takes_no_more_is_told_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = FileStore(tmp_path)
    files.add("key:shop", "a.png", "image/png", b"x", 1)
    (folder,) = tmp_path.iterdir()
    monkeypatch.setattr("gateway.files.store.orjson.dumps", lambda _: _full())
    with pytest.raises(StoreUnavailable, match="No space left on device") as told:
        files.add("key:shop", "b.png", "image/png", b"y", 1)
    assert (told.value.status, told.value.retry_seconds) == (503, 60)
    assert len(list(folder.iterdir())) == 2


def _full() -> bytes:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
