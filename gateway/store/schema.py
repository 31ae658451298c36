"""The tables brought up to date at the start, by Alembic, and what a gateway that died left half-written."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text, update

from gateway.store.models import Turn

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_305_441_520  # any number: gateways that start at once wait for each other at it


class NewerSchema(Exception):
    pass


def upgrade(connection: Connection) -> None:
    """To the newest revision, inside the caller's transaction. Raises NewerSchema where the tables are a later version's.

    SQLite's writing transaction keeps other gateways out by itself.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SET LOCAL statement_timeout = '600s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        newest = ScriptDirectory.from_config(config).get_current_head()
        raise NewerSchema(f"its tables are newer than this version, which knows them up to {newest}") from None


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def fail_orphans(connection: Connection) -> None:
    """Answers that nobody writes any more have failed. On PostgreSQL the others' connections tell which gateways live."""
    orphans = update(Turn).where(Turn.state == "writing").values(state="failed", writer=None)
    if connection.dialect.name == "postgresql":
        alive = "SELECT application_name FROM pg_stat_activity WHERE application_name IS NOT NULL"
        orphans = orphans.where(text(f"writer NOT IN ({alive})"))
    connection.execute(orphans)
