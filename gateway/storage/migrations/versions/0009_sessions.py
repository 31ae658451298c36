"""Sessions of people who signed in through an OpenID Connect provider."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
GOES_BACK = True
BACK = "Whoever signed in by single sign-on signs in again."


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("provider_session", sa.String(32)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("sessions_by_subject", "sessions", ["subject"])
    op.create_index("sessions_by_provider", "sessions", ["provider_session"])


def downgrade() -> None:
    op.drop_table("sessions")
