"""Conversations, their turns and files, feedback, hand-overs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
GOES_BACK = False
BACK = "There is no version before it."

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    op.create_index("conversations_by_owner", "conversations", ["owner", "updated_at", "id"])
    op.create_table(
        "turns",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        _of("conversation_id", sa.String(64), "conversations.id"),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("model", sa.String(256)),
        sa.Column("degraded", sa.Boolean, nullable=False),
        sa.Column("citations", sa.JSON, nullable=False),
        sa.Column("reading", sa.JSON, nullable=False),
        sa.Column("writer", sa.String(64)),
        # Numbers are never used again, so that later turns always have higher ones.
        sqlite_autoincrement=True,
    )
    op.create_index("turns_by_conversation", "turns", ["conversation_id", "number"])
    op.create_index("turns_by_state", "turns", ["state"])
    op.create_table(
        "turn_files",
        _of("turn_number", NUMBER, "turns.number", primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("file_id", sa.String(64), nullable=False),
    )
    op.create_index("turn_files_by_file", "turn_files", ["file_id"])
    op.create_table(
        "feedback",
        _of("turn_number", NUMBER, "turns.number", primary_key=True),
        sa.Column("rating", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "handoffs",
        sa.Column("id", sa.String(64), primary_key=True),
        _of("conversation_id", sa.String(64), "conversations.id"),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("handoffs_by_conversation", "handoffs", ["conversation_id"])


def _of(name: str, kind: Any, parent: str, primary_key: bool = False) -> "sa.Column[Any]":
    return sa.Column(
        name,
        kind,
        sa.ForeignKey(parent, ondelete="CASCADE"),
        nullable=False,
        primary_key=primary_key,
    )
