"""The memory for large bodies is bounded, and one caller cannot use all of it."""

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from gateway.throttling import body_memory
from gateway.throttling.body_memory import BODIES, SHARE, default_body_memory
from tests.support.http_client import metric, until
from tests.support.servers import Running, running_gateway, wait_for

MEGABYTE = 1024 * 1024
QUESTION = {"model": "fake-vl", "messages": [{"role": "user", "content": "hi"}]}
KEYS = {
    "API_KEYS": "shop:sk-shop,other:sk-other",
    "ENGINE": "cpu",
    "READER_URL": "",
    "ANONYMOUS_NETWORKS": "",
}


@pytest.fixture(scope="module")
def narrow(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("narrow")
    bounds = {"MAX_BODY_BYTES": str(MEGABYTE), "MAX_BODIES_BYTES": str(BODIES * MEGABYTE)}
    with running_gateway(engine.url, data, **bounds, **KEYS) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


def sender(gateway: Running, key: str, declared: int) -> socket.socket:
    """A connection on which the body of a question is still to come."""
    where = urlsplit(gateway.url)
    connection = socket.create_connection((where.hostname, where.port), 20)
    connection.sendall(
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: {where.netloc}\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {key}\r\ncontent-length: {declared}\r\n\r\n".encode()
    )
    return connection


def ask(gateway: Running, key: str, size: int) -> requests.Response:
    """A question whose JSON is `size` bytes long."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    body = json.dumps(QUESTION).encode().ljust(size)
    return requests.post(
        gateway.url + "/v1/chat/completions", data=body, headers=headers, timeout=20
    )


def test_one_caller_fills_half_of_the_room_and_others_go_on(narrow: Running) -> None:
    fitting, size = BODIES // 2, MEGABYTE - 20_000
    with contextlib.ExitStack() as stack:
        for _ in range(fitting):
            connection = stack.enter_context(sender(narrow, "sk-shop", MEGABYTE))
            connection.sendall(b" " * size)
        until(lambda: metric(narrow, "sightdesk_body_bytes") == fitting * size)
        refused = ask(narrow, "sk-shop", size)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert refused.json()["error"]["code"] == "queue_full"
        assert str(BODIES * MEGABYTE) in refused.json()["error"]["message"], "the bound is named"
        details = refused.json()["error"]["details"]
        assert (details["limit"], details["retry_after"]) == (BODIES * MEGABYTE // 2, 5)
        assert details["limit"] < details["size"] <= (fitting + 1) * size
        assert ask(narrow, "sk-shop", 1000).ok, "a small question takes no room"
        assert ask(narrow, "sk-other", size).ok
    until(lambda: metric(narrow, "sightdesk_body_bytes") == 0)
    assert ask(narrow, "sk-shop", size).ok


def test_a_body_gives_its_room_back_as_often_as_it_comes(narrow: Running) -> None:
    assert all(ask(narrow, "sk-shop", MEGABYTE).ok for _ in range(BODIES + 2))


def test_a_length_that_is_only_declared_takes_no_memory(engine: Running, tmp_path: Path) -> None:
    with running_gateway(engine.url, tmp_path, **KEYS) as gateway, contextlib.ExitStack() as stack:
        wait_for(gateway.url + "/readyz")
        before = psutil.Process(gateway.process.pid).memory_info().rss
        for _ in range(20):
            stack.enter_context(sender(gateway, "sk-shop", 60 * MEGABYTE)).sendall(b" " * 300_000)
        until(lambda: metric(gateway, "sightdesk_body_bytes") == 20 * 300_000)
        assert psutil.Process(gateway.process.pid).memory_info().rss - before < 60 * MEGABYTE


@pytest.mark.parametrize(
    ("bound", "expected"),
    [("4294967296", 4 * 1024 * MEGABYTE // SHARE), ("1048576", BODIES * MEGABYTE), ("max", None)],
    ids=["a container's bound", "a small one", "none"],
)
@pytest.mark.parametrize("version", ["CONTAINER_BOUND", "CONTAINER_BOUND_V1"])
def test_the_room_goes_by_the_memory_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, expected: int | None, version: str
) -> None:
    told = tmp_path / "memory.max"
    told.write_text(bound + "\n")
    for name in ("CONTAINER_BOUND", "CONTAINER_BOUND_V1"):
        monkeypatch.setattr(body_memory, name, told if name == version else tmp_path / "none")
    assert default_body_memory(MEGABYTE) == (expected or psutil.virtual_memory().total // SHARE)
