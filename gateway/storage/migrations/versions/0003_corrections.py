"""What came of a question, corrections of fields by people, corrections of answers by staff."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
GOES_BACK = True
BACK = "Corrections and the outcomes of questions are lost."


def upgrade() -> None:
    op.add_column("turns", sa.Column("suggestions", sa.JSON))
    op.add_column("turns", sa.Column("grounding", sa.JSON))
    op.add_column("turns", sa.Column("outcome", sa.String(16)))
    op.create_table(
        "field_corrections",
        sa.Column(
            "conversation_id",
            sa.String(64),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("image", sa.String(128), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("was", sa.String(500), primary_key=True),
        sa.Column("value", sa.String(500), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "clause_corrections",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("answer", sa.String(64), nullable=False),
        sa.Column("questions", sa.JSON, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("clause_corrections")
    op.drop_table("field_corrections")
    for name in ("outcome", "grounding", "suggestions"):
        op.drop_column("turns", name)
