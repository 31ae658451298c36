"""The tables brought up to date at the start, and what a gateway that died left half-written."""

from sqlalchemy import Connection, inspect, text, update

from gateway.storage.models import Turn

NEWEST = "0002"  # the last revision in migrations/versions
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
    if revision(connection) == NEWEST:
        return
    # Alembic is 8 MB and 0.1 s, for the one start in hundreds at which there is something to do.
    from gateway.storage import migration

    if not migration.run(connection):
        raise NewerSchema(
            f"its tables are newer than this version, which knows them up to {NEWEST}"
        )


def revision(connection: Connection) -> str | None:
    """What the tables are at; None where there are none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def fail_orphans(connection: Connection) -> None:
    """Answers that nobody writes any more have failed. On PostgreSQL the others' connections tell which gateways live."""
    orphans = update(Turn).where(Turn.state == "writing").values(state="failed", writer=None)
    if connection.dialect.name == "postgresql":
        alive = "SELECT application_name FROM pg_stat_activity WHERE application_name IS NOT NULL"
        orphans = orphans.where(text(f"writer NOT IN ({alive})"))
    connection.execute(orphans)
