"""Runs the migrations, with Alembic.

The version before serves beside the new one during a roll-out, so a migration adds (expand), and
what a version no longer needs is removed by the next one's (contract).

Each migration says whether it can go back (`GOES_BACK`: its `downgrade` leaves tables that the
version before serves from) and what is lost then, or why it cannot (`BACK`).
"""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Step:
    """One migration. `back`: what is lost by going back, or why that cannot be done."""

    revision: str
    title: str
    goes_back: bool
    back: str


def run(connection: Connection) -> bool:
    """Brings the tables up to date. Returns False where their revision is not one of ours."""
    try:
        command.upgrade(_on(connection), "head")
    except CommandError:
        return False
    return True


def make_at(connection: Connection, revision: str) -> None:
    """Makes the tables of that revision in an empty database. Raises CommandError."""
    command.upgrade(_on(connection), revision)


def take_back(connection: Connection, revision: str) -> None:
    """Brings the tables back to an earlier revision. Raises CommandError."""
    command.downgrade(_on(connection), revision)


def steps() -> list[Step]:
    """Every migration, the first one first."""
    scripts = ScriptDirectory.from_config(configuration()).walk_revisions()
    return [
        Step(one.revision, one.doc, one.module.GOES_BACK, one.module.BACK)
        for one in reversed(list(scripts))
    ]


def _on(connection: Connection) -> Config:
    config = configuration()
    config.attributes["connection"] = connection
    return config


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
