"""Actions over an empty database of either kind; pytest finds fixtures by their names here."""

from collections.abc import Iterator

import pytest

from gateway.actions.store import ActionStore
from gateway.storage.database import Database
from tests.support.action_parts import NOWHERE, Parts, tools_at
from tests.support.action_system import System, running_system
from tests.support.databases import conversations, database, postgres, url


@pytest.fixture
def parts(database: Database) -> Parts:
    """A gateway that has no system to ask."""
    return Parts(ActionStore(database), tools_at(NOWHERE))


@pytest.fixture
def system() -> Iterator[System]:
    with running_system() as started:
        yield started


@pytest.fixture
def working(database: Database, system: System) -> Parts:
    """A gateway with a system that does what its plan says."""
    return Parts(ActionStore(database), tools_at(system.url))
