"""Which version of the knowledge an answer is made from."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
GOES_BACK = True
BACK = "The knowledge versions of answers are lost."


def upgrade() -> None:
    op.add_column("turns", sa.Column("knowledge_version", sa.String(16)))


def downgrade() -> None:
    op.drop_column("turns", "knowledge_version")
