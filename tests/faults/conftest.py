"""What every fault leaves: a line with what users saw and for how long."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.crowd import Crowd

Tell = Callable[[str, Crowd], None]


@pytest.fixture
def tell(record_property: Callable[[str, Any], None]) -> Tell:
    """Writes the report of a fault into the test's output and its JUnit record."""

    def write(fault: str, crowd: Crowd) -> None:
        record_property(fault, crowd.report())
        print(f"{fault}: {crowd.report()}")

    return write
