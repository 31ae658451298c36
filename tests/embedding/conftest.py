"""A real desk on 127.0.0.1, and host pages on localhost: another origin and another site."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.embedding.kit import KEY, PAGES, STAFF_KEY, hosting
from tests.support.servers import Running, running_gateway, wait_for

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def gateway(lite: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("data")
    digest = hashlib.sha256(STAFF_KEY.encode()).hexdigest()
    keys = data / "keys.json"
    keys.write_text(json.dumps({"keys": [{"name": "Li", "sha256": digest, "role": "staff"}]}))
    settings = {"API_KEYS": f"tickets:{KEY}", "API_KEYS_FILE": str(keys)}
    with running_gateway(lite.url, data, READER_TIMEOUT="60", **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


@pytest.fixture(scope="session")
def host(gateway: Running) -> Iterator[str]:
    with hosting(gateway, "examples.host", PAGES) as origin:
        yield origin


@pytest.fixture(scope="session")
def other_host(gateway: Running) -> Iterator[str]:
    """May frame the desk, as every localhost may, but no token is for it."""
    with hosting(gateway, "examples.host", PAGES) as origin:
        yield origin


@pytest.fixture
def tickets(gateway: Running, tmp_path: Path) -> Iterator[str]:
    # Each test has its own agent, since the desk keeps the conversations of earlier ones.
    settings = {"TICKETS": str(tmp_path / "tickets.db"), "AGENT": f"agent {tmp_path.name}"}
    with hosting(gateway, "examples.ticket-desk.server", **settings) as origin:
        yield origin
