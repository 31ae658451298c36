"""Fixtures; pytest finds them by their names in this file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import database, postgres, url
from tests.support.webhook_receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "connectors"
    made.mkdir()
    return made
