"""Run by Alembic. The connection, its transaction and its lock are the caller's (gateway/storage/migration.py, schema.py)."""

from alembic import context

from gateway.storage.models import Base

# render_as_batch: SQLite changes a table by copying it.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
