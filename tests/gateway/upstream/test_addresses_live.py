"""A gateway whose engines' name changes its addresses while questions are answered."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.servers import Running, running, running_gateway, wait_until

ASK: dict[str, Any] = {
    "model": "sightdesk-lite",
    "stream": True,
    "messages": [{"role": "user", "content": "slowly"}],
}
NOTICED_SECONDS = 30  # a lookup each 0.2 s, and a busy machine


@pytest.fixture(scope="module")
def engine() -> Iterator[Running]:
    """One engine that listens on every address of this machine: 127.0.0.2, 127.0.0.3 …"""
    with running("tests.support.fake_engine", {"HOST": "0.0.0.0"}) as fake:
        yield fake


@pytest.fixture
def names(tmp_path: Path) -> Path:
    return tmp_path / "names"


@pytest.fixture
def gateway(engine: Running, names: Path, tmp_path: Path) -> Iterator[Running]:
    name_them(names, "127.0.0.2", "127.0.0.3")
    url = engine.url.replace("http://127.0.0.1", "dns+http://engines.test")
    with running_gateway(
        url, tmp_path, "tests.support.gateway_names", READER_URL="", NAMES=str(names)
    ) as gateway:
        wait_until(lambda: engines(gateway) == {"engine-1.1", "engine-1.2"}, NOTICED_SECONDS)
        yield gateway


def name_them(names: Path, *addresses: str) -> None:
    part = names.with_suffix(".part")
    part.write_text("\n".join(addresses), "utf-8")
    part.rename(names)


def engines(gateway: Running) -> set[str]:
    """Those that answer."""
    upstreams = requests.get(gateway.url + "/readyz", timeout=5).json()["upstreams"]
    return {name for name, up in upstreams.items() if up}


def series(gateway: Running) -> set[str]:
    lines = requests.get(gateway.url + "/metrics", timeout=5).text.splitlines()
    return {line.split('"')[1] for line in lines if line.startswith("sightdesk_upstream_up{")}


def test_engines_come_and_go_without_a_restart(gateway: Running, names: Path) -> None:
    name_them(names, "127.0.0.2", "127.0.0.3", "127.0.0.4")
    wait_until(lambda: len(engines(gateway)) == 3, NOTICED_SECONDS)
    name_them(names, "127.0.0.4")
    wait_until(lambda: engines(gateway) == {"engine-1.3"}, NOTICED_SECONDS)

    assert series(gateway) == {"engine-1.3"}
    answer = requests.post(
        gateway.url + "/v1/chat/completions", json={**ASK, "stream": False, "messages": [
            {"role": "user", "content": "hello"}]}, timeout=30
    )  # fmt: skip
    assert answer.json()["choices"][0]["message"]["content"] == "你!"


def test_an_engine_that_leaves_ends_the_answers_that_it_has(gateway: Running, names: Path) -> None:
    url = gateway.url + "/v1/chat/completions"
    with requests.post(url, json=ASK, stream=True, timeout=60) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith(b"data: ")
        name_them(names, "127.0.0.9")
        wait_until(lambda: engines(gateway) == {"engine-1.3"}, NOTICED_SECONDS)
        rest = [line for line in lines if line]

    assert rest[-1] == b"data: [DONE]"
    assert not any(b'"error"' in line for line in rest)
