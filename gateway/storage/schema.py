"""At the start: brings the tables up to date, and ends answers whose gateway died."""

from sqlalchemy import Connection, inspect, text, update

from gateway.storage.models import Turn

NEWEST = "0011"  # the last revision in migrations/versions
LOCK = 7_305_441_520  # any number: gateways that start at the same moment wait for each other


class NewerSchema(Exception):
    """The tables were made by a later version."""


def upgrade(connection: Connection) -> None:
    """Brings the tables to the newest revision, in the caller's transaction. Raises NewerSchema.

    On SQLite that transaction keeps other gateways out; on PostgreSQL a lock does.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SET LOCAL statement_timeout = '600s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    if revision(connection) == NEWEST:
        return
    # Imported late: Alembic takes 8 MB and 0.1 s, and most starts have nothing to migrate.
    from gateway.storage import migration

    if not migration.run(connection):
        raise NewerSchema(
            f"its tables are newer than this version, which knows them up to {NEWEST}"
        )


def revision(connection: Connection) -> str | None:
    """The revision of the tables; None where there are none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def fail_orphans(connection: Connection) -> None:
    """Marks answers as failed whose gateway no longer runs.

    On PostgreSQL other gateways may be running: each names its connections, and thereby itself.
    """
    orphans = update(Turn).where(Turn.state == "writing").values(state="failed", writer=None)
    if connection.dialect.name == "postgresql":
        alive = "SELECT application_name FROM pg_stat_activity WHERE application_name IS NOT NULL"
        orphans = orphans.where(text(f"writer NOT IN ({alive})"))
    connection.execute(orphans)
