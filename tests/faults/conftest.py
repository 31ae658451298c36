"""What every fault leaves: a line with what users saw and for how long."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.crowd import Crowd
from tests.support.servers import Running, running
from tests.support.volume import Volume, mounted

Tell = Callable[[str, Crowd], None]


@pytest.fixture
def tell(record_property: Callable[[str, Any], None]) -> Tell:
    """Writes the report of a fault into the test's output and its JUnit record."""

    def write(fault: str, crowd: Crowd) -> None:
        record_property(fault, crowd.report())
        print(f"{fault}: {crowd.report()}")

    return write


@pytest.fixture
def engine() -> Iterator[Running]:
    with running("tests.support.fake_engine", {}) as served:
        yield served


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Volume]:
    with mounted(tmp_path) as made:
        yield made
