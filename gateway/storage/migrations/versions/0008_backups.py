"""Backups that were made, and the lease of the gateway that makes one."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
GOES_BACK = True
BACK = "The list of backups is lost, not the backups."


def upgrade() -> None:
    op.create_table(
        "backups",
        sa.Column("slot", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("worker", sa.String(64), nullable=False),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("backups_by_end", "backups", ["finished_at"])


def downgrade() -> None:
    op.drop_table("backups")
