"""An object store that is killed under uploads loses no acknowledged file, and is used again."""

import contextlib
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import requests

from tests.support.object_store import object_store, settings
from tests.support.pictures import encoded
from tests.support.servers import Running, free_port, running_gateway, wait_until

KEY = {"authorization": "Bearer sk-shop11"}
PICTURES = [encoded("PNG", (side, 500), compress_level=0) for side in (500, 600, 700)]
UPLOADERS, KILLS = 4, 3


class Uploads:
    """Uploads without an end, UPLOADERS at a time."""

    def __init__(self, url: str) -> None:
        self._url = url + "/v1/files"
        self._over = threading.Event()
        self.kept: dict[str, bytes] = {}  # what was acknowledged, by id
        self.refused: list[requests.Response] = []

    def run(self, number: int) -> None:
        while not self._over.is_set():
            picture = PICTURES[(number + len(self.kept)) % len(PICTURES)]
            files = {"file": ("screen.png", picture)}
            answer = requests.post(self._url, files=files, headers=KEY, timeout=60)
            if answer.ok:
                self.kept[answer.json()["id"]] = picture
            else:
                self.refused.append(answer)
                time.sleep(0.1)

    def has(self, kept: int = 0, refused: int = 0) -> bool:
        """Whether there are so many."""
        return len(self.kept) >= kept and len(self.refused) >= refused

    def stop(self) -> None:
        self._over.set()

    def content(self, file_id: str) -> bytes:
        answer = requests.get(f"{self._url}/{file_id}/content", headers=KEY, timeout=60)
        answer.raise_for_status()
        return answer.content


def test_a_store_that_is_killed_under_uploads_loses_no_acknowledged_file(
    engine: Running, tmp_path: Path
) -> None:
    folder, data, port = tmp_path / "store", tmp_path / "data", free_port()
    folder.mkdir()
    data.mkdir()
    more = {"API_KEYS": "shop:sk-shop11", "ENGINE": "cpu", "FILES_URL": "s3://desk/files"}
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(contextlib.ExitStack())
        more |= settings(store.enter_context(object_store(folder, port)))
        gateway = stack.enter_context(running_gateway(engine.url, data, **more))
        uploads = Uploads(gateway.url)
        pool = stack.enter_context(ThreadPoolExecutor(UPLOADERS))
        stack.callback(uploads.stop)
        working = [pool.submit(uploads.run, number) for number in range(UPLOADERS)]
        for _ in range(KILLS):
            wait_until(partial(uploads.has, kept=len(uploads.kept) + UPLOADERS), 30)
            refused = len(uploads.refused)
            store.close()
            wait_until(partial(uploads.has, refused=refused + 1), 30)
            store.enter_context(object_store(folder, port))
        away = wait_until(partial(uploads.has, kept=len(uploads.kept) + 1), 30)
        uploads.stop()
        for one in working:
            one.result()
        print(f"{len(uploads.kept)} kept, {len(uploads.refused)} refused, again after {away:.1f} s")
        for file_id, picture in uploads.kept.items():
            assert uploads.content(file_id) == picture
    told = Counter((one.status_code, one.json()["error"]["code"]) for one in uploads.refused)
    assert set(told) == {(503, "upstream_unavailable")}
    assert all(int(one.headers["retry-after"]) > 0 for one in uploads.refused)
