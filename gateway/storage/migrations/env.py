"""Run by Alembic, on the connection of gateway/storage/schema.py, which holds transaction and lock."""

from alembic import context

from gateway.storage.models import Base

# render_as_batch: SQLite changes a table by copying it.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
