"""People who read a file slowly hold a piece of it in the gateway's memory, not the file."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.object_store import Store, moto_store, object_store
from tests.support.object_store import settings as of_store
from tests.support.pictures import encoded
from tests.support.servers import Running, running_gateway

KEY = {"authorization": "Bearer sk-shop11"}
READERS = 24
MIB = 1024 * 1024
GROWTH = 96 * MIB  # of all readers together; their files have 400 MiB


@pytest.fixture(params=[None, object_store, moto_store], ids=["disk", "s3", "s3 with ranges"])
def gateway(request: pytest.FixtureRequest, engine: Running, tmp_path: Path) -> Iterator[Running]:
    settings = {"API_KEYS": "shop:sk-shop11", "ENGINE": "cpu", "READER_URL": ""}
    with contextlib.ExitStack() as stack:
        store: Store | None = request.param
        if store is not None:
            settings["FILES_URL"] = "s3://desk/slow"
            settings |= of_store(stack.enter_context(store()))
        yield stack.enter_context(running_gateway(engine.url, tmp_path, **settings))


@contextlib.contextmanager
def slow_readers(url: str, path: str) -> Iterator[list[socket.socket]]:
    """They ask, and take nothing of the answer."""
    address = urlsplit(url)
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: {KEY['authorization']}\r\n\r\n"
    )
    with contextlib.ExitStack() as stack:
        wires = []
        for _ in range(READERS):
            wire = stack.enter_context(socket.socket())
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.connect((address.hostname or "", address.port or 0))
            wire.sendall(request.encode())
            wires.append(wire)
        yield wires


def memory(gateway: Running) -> int:
    """Bytes."""
    status = Path(f"/proc/{gateway.process.pid}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def test_slow_readers_of_large_files_cost_little_memory(gateway: Running) -> None:
    picture = encoded("PNG", (2400, 2400), compress_level=0)
    assert len(picture) > 16 * MIB
    files = {"file": ("noise.png", picture)}
    stored = requests.post(gateway.url + "/v1/files", files=files, headers=KEY, timeout=60).json()
    path = f"/v1/files/{stored['id']}/content"
    whole = requests.get(gateway.url + path, headers=KEY, timeout=60)
    assert whole.content == picture
    assert whole.headers["content-length"] == str(len(picture))
    before = memory(gateway)
    with slow_readers(gateway.url, path) as wires:
        began = [wire.recv(12) for wire in wires]
        time.sleep(1)
        grown = memory(gateway) - before
        assert began == [b"HTTP/1.1 200"] * READERS
        again = requests.get(gateway.url + path, headers=KEY, timeout=60)
        assert again.content == picture, "others are served meanwhile"
    print(f"{grown / MIB:.0f} MiB")
    assert grown < GROWTH
