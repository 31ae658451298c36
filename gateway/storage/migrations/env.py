"""Alembic runs this on the connection of gateway/storage/schema.py, within its transaction."""

from alembic import context

from gateway.storage.models import TABLES

# render_as_batch: SQLite changes a table by copying it.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=TABLES[0].metadata,
    render_as_batch=True,
)
context.run_migrations()
