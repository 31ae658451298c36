from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers import Running, running, running_gateway, wait_for


@pytest.fixture(scope="session")
def engine() -> Iterator[Running]:
    with running("tests.support.fake_engine", {}) as fake:
        yield fake


@pytest.fixture(scope="session")
def gateway(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A gateway before the fake engine: raw calls only, no reader."""
    data = tmp_path_factory.mktemp("data")
    with running_gateway(
        engine.url, data, ENGINE="cpu", READER_URL="", API_KEYS="shop:sk-shop,other:sk-other"
    ) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder
