"""A real desk on 127.0.0.1, and host pages on localhost: another origin and another site."""

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.support.chromium import Axe
from tests.support.servers import Running, running_gateway, running_host, wait_for

KEY = "sk-tickets"
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def gateway(lite: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_gateway(
        lite.url, tmp_path_factory.mktemp("data"), API_KEYS=f"tickets:{KEY}", READER_TIMEOUT="60"
    ) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


def hosting(
    gateway: Running, *module: str, **settings: str
) -> contextlib.AbstractContextManager[str]:
    """Runs an example's server with our key, unless the settings name another; gives its origin."""
    return running_host(gateway, *module, **{"SIGHTDESK_API_KEY": KEY, **settings})


PAGES = str(Path(__file__).parent / "pages")


@pytest.fixture(scope="session")
def host(gateway: Running) -> Iterator[str]:
    with hosting(gateway, "examples.host", PAGES) as origin:
        yield origin


@pytest.fixture(scope="session")
def other_host(gateway: Running) -> Iterator[str]:
    """May frame the desk, as every localhost may, but no token is for it."""
    with hosting(gateway, "examples.host", PAGES) as origin:
        yield origin


def mint(gateway: Running, origin: str, user: str = "", ttl: int = 600) -> str:
    """A token. By default its user is new, since the desk remembers earlier conversations."""
    wanted: dict[str, Any] = {"user": user or f"user-{uuid.uuid4()}", "origin": origin, "ttl": ttl}
    answer = requests.post(
        gateway.url + "/v1/embed-tokens",
        json=wanted,
        headers={"authorization": f"Bearer {KEY}"},
        timeout=5,
    )
    return str(answer.json()["token"])


@pytest.fixture
def tickets(gateway: Running, tmp_path: Path) -> Iterator[str]:
    # Each test has its own agent, since the desk keeps the conversations of earlier ones.
    settings = {"TICKETS": str(tmp_path / "tickets.db"), "AGENT": f"agent {tmp_path.name}"}
    with hosting(gateway, "examples.ticket-desk.server", **settings) as origin:
        yield origin


def axe_finds_nothing(page: Page, axe: Axe) -> None:
    """Checks the host page and the desk inside it."""
    page.emulate_media(reduced_motion="reduce")  # fading text has too little contrast
    for one in page.frames:
        assert axe(one) == [], one.url
