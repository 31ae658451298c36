from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from gateway.app import create_app
from gateway.settings import load_settings
from tests.support.access import ROWS, STAFF_KEY, Row, settings, walked
from tests.support.paths import ROOT
from tests.support.servers import Running, running_gateway
from tests.support.staff_key import staff_keys


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(
        load_settings(data_dir=tmp_path_factory.mktemp("app"), frontend_dir=ROOT / "frontend")
    )


@pytest.fixture(scope="module")
def calls(app: FastAPI) -> list[tuple[str, str, Row]]:
    """Every route as a call: method, a path that can be asked, its row."""
    return [
        (method, path.replace("{}", "file-of-nobody-0"), ROWS[method, path])
        for method, path in walked(app.routes)
    ]


@pytest.fixture(scope="module")
def closed(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """As in production: nginx in front, nobody anonymous."""
    data = tmp_path_factory.mktemp("closed")
    more = {"ANONYMOUS_NETWORKS": "", **with_staff_key(data)}
    with running_gateway(engine.url, data, **settings(**more)) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def opened(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """As in `make demo`: this machine needs no key."""
    data = tmp_path_factory.mktemp("open")
    with running_gateway(engine.url, data, **settings(**with_staff_key(data))) as gateway:
        yield gateway


def with_staff_key(folder: Path) -> dict[str, str]:
    return {"API_KEYS_FILE": str(staff_keys(folder, tickets=STAFF_KEY))}
