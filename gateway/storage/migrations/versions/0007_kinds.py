"""Which kind of document a conversation is about."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
GOES_BACK = True
BACK = "The kinds of documents are lost."


def upgrade() -> None:
    op.add_column("conversations", sa.Column("kind", sa.String(16)))


def downgrade() -> None:
    op.drop_column("conversations", "kind")
