"""A real desk on 127.0.0.1, and hosts on localhost: another origin and another site."""

import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from benchmarks.servers import ROOT, Running, free_port, running_gateway, wait_for

KEY = "sk-tickets"


@pytest.fixture(scope="session")
def gateway(lite: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_gateway(
        lite.url, tmp_path_factory.mktemp("data"), API_KEYS=f"tickets:{KEY}", READER_TIMEOUT="60"
    ) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


@contextlib.contextmanager
def hosting(gateway: Running, *module: str, **settings: str) -> Iterator[str]:
    """The origin of an example's server."""
    port = free_port()
    environ = {**os.environ, "SIGHTDESK_URL": gateway.url, "SIGHTDESK_API_KEY": KEY, "PORT": str(port), **settings}
    process = subprocess.Popen([sys.executable, "-m", *module], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        origin = f"http://localhost:{port}"
        wait_for(origin + "/", process)
        yield origin
    finally:
        process.terminate()
        process.wait(10)


PAGES = str(Path(__file__).parent / "pages")


@pytest.fixture(scope="session")
def host(gateway: Running) -> Iterator[str]:
    with hosting(gateway, "examples.host", PAGES) as origin:
        yield origin


@pytest.fixture(scope="session")
def other_host(gateway: Running) -> Iterator[str]:
    """Allowed to frame the desk, as every localhost is; but no token is for it."""
    with hosting(gateway, "examples.host", PAGES) as origin:
        yield origin


def mint(gateway: Running, origin: str, user: str = "", ttl: int = 600) -> str:
    """A token; for somebody new where no user is named, because the desk remembers what it was asked."""
    wanted = {"user": user or f"user-{uuid.uuid4()}", "origin": origin, "ttl": ttl}
    answer = requests.post(
        gateway.url + "/v1/embed-tokens", json=wanted, headers={"authorization": f"Bearer {KEY}"}, timeout=5
    )
    return str(answer.json()["token"])
