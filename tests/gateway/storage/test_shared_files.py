"""Gateways with FILES_URL: one sees the other's files, and a store that is down is told."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.settings import WrongSettings, load_settings
from tests.support.http_client import until
from tests.support.object_store import SECRET, object_store
from tests.support.object_store import settings as of_store
from tests.support.pictures import encoded
from tests.support.servers import Running, free_port, running_gateway

PICTURE = encoded("PNG")
KEY = {"authorization": "Bearer sk-shop"}


@contextlib.contextmanager
def desk(engine: Running, data: Path, endpoint: str, prefix: str = "shared") -> Iterator[Running]:
    data.mkdir()
    settings = {
        "API_KEYS": "shop:sk-shop",
        "ENGINE": "cpu",
        "READER_URL": "",
        "FILES_URL": f"s3://desk/{prefix}",
        **of_store(endpoint),
    }
    with running_gateway(engine.url, data, **settings) as gateway:
        yield gateway


def call(gateway: Running, method: str, path: str, **more: Any) -> requests.Response:
    return requests.request(method, gateway.url + path, headers=KEY, timeout=60, **more)


def upload(gateway: Running) -> requests.Response:
    return call(gateway, "POST", "/v1/files", files={"file": ("screen.png", PICTURE)})


def is_available(gateway: Running) -> bool:
    return bool(call(gateway, "GET", "/readyz").json()["uploads"]["available"])


def test_a_file_of_one_gateway_is_read_and_deleted_on_another(
    engine: Running, tmp_path: Path, s3: str
) -> None:
    with (
        desk(engine, tmp_path / "one", s3) as one,
        desk(engine, tmp_path / "other", s3) as other,
    ):
        stored = upload(one).json()
        assert call(other, "GET", f"/v1/files/{stored['id']}").json() == stored
        assert call(other, "GET", "/v1/files").json()["data"] == [stored]
        content = call(other, "GET", f"/v1/files/{stored['id']}/content")
        assert content.content == PICTURE
        assert is_available(other)
        assert call(other, "DELETE", f"/v1/files/{stored['id']}").ok
        assert call(one, "GET", f"/v1/files/{stored['id']}").status_code == 404
    assert not (tmp_path / "one/files").exists()


def test_a_store_that_stops_is_told_and_nothing_counts_as_kept(
    engine: Running, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as stack:
        store = contextlib.ExitStack()
        endpoint = store.enter_context(object_store())
        stack.push(store)
        gateway = stack.enter_context(desk(engine, tmp_path / "data", endpoint))
        stored = upload(gateway).json()["id"]
        store.close()
        for answer in (
            upload(gateway),
            call(gateway, "GET", "/v1/files"),
            call(gateway, "GET", f"/v1/files/{stored}/content"),
            call(gateway, "DELETE", f"/v1/files/{stored}"),
        ):
            assert answer.status_code == 503, answer.text
            error = answer.json()["error"]
            assert error["code"] == "upstream_unavailable"
            assert error["message"].startswith("The store of files does not answer")
            assert int(answer.headers["retry-after"]) > 0
            assert endpoint.removeprefix("http://") not in answer.text
        until(lambda: not is_available(gateway))
        asked = {"model": "fake-vl", "messages": [{"role": "user", "content": "hi"}]}
        assert call(gateway, "POST", "/v1/chat/completions", json=asked).ok


def test_a_gateway_that_starts_without_its_store_says_so_in_one_line(
    engine: Running, tmp_path: Path
) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    with desk(engine, tmp_path / "data", endpoint) as gateway:
        until(lambda: "file_store_failed" in gateway.log.read_text("utf-8"), 60)
        text = gateway.log.read_text("utf-8")
        told = next(json.loads(line) for line in text.splitlines() if "file_store_failed" in line)
        assert told["url"] == "s3://desk/shared"
        assert endpoint in told["reason"]
        assert SECRET not in text
        assert not is_available(gateway)
        assert upload(gateway).status_code == 503


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("files_url", "/data/files"),
        ("files_url", "s3://"),
        ("files_url", "https://store.example/desk"),
        ("aws_endpoint_url", "store.example"),
        ("aws_endpoint_url", "http://store example"),
    ],
)
def test_a_wrong_address_of_a_store_stops_the_start(name: str, value: str) -> None:
    with pytest.raises(WrongSettings) as refused:
        load_settings(**{name: value})
    assert str(refused.value).startswith(f"{name.upper()}={value!r}: ")
    assert "\n" not in str(refused.value)
