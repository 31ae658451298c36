"""A gateway whose actions are of tests/support/action_tools.py, at the system ACTION_SYSTEM."""

import os
import sys
from dataclasses import replace

from gateway.__main__ import main
from gateway.actions.proposals import Actions
from gateway.actions.store import ActionStore
from gateway.actions.worker import ActionWorker
from gateway.composition import build
from gateway.composition.services import Systems
from gateway.observability.metrics import Metrics
from gateway.settings import Settings
from gateway.storage.database import Database
from tests.support.action_parts import tools_at

systems_of_files = build.build_systems


def build_systems(settings: Settings, metrics: Metrics, database: Database) -> Systems:
    """In place of those of CONNECTORS_DIR: a second worker beside these would not know the tools,
    and fail their actions."""
    store, tools = ActionStore(database), tools_at(os.environ["ACTION_SYSTEM"])
    return replace(
        systems_of_files(settings, metrics, database),
        actions=Actions(store, tools, metrics, settings.action_expires),
        worker=ActionWorker(store, tools, metrics),
    )


build.build_systems = build_systems

if __name__ == "__main__":
    sys.exit(main())
