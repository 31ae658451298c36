"""Actions with their audit, events with their deliveries, and what an answer did."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.table_base import Number

revision = "0004"
down_revision = "0003"
GOES_BACK = True
BACK = "Actions, their audit and webhooks that wait are lost."


def upgrade() -> None:
    for name in ("tools", "actions", "notice"):
        op.add_column("turns", sa.Column(name, sa.JSON))
    op.create_table(
        "actions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("connector", sa.String(64), nullable=False),
        sa.Column("title", sa.JSON, nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("before", sa.JSON),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("by", sa.String(16), nullable=False),
        sa.Column("has_key", sa.Boolean, nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("user", sa.String(256), nullable=False),
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("answer_id", sa.String(64), nullable=False),
        sa.Column("parent_id", sa.String(64)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("decided_by", sa.String(256)),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(64)),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("result", sa.JSON),
        sa.Column("error", sa.Text),
    )
    op.create_index("actions_by_status", "actions", ["status", "created_at"])
    op.create_index("actions_by_conversation", "actions", ["conversation_id"])
    op.create_table(
        "audit",
        sa.Column("number", Number, primary_key=True, autoincrement=True),
        sa.Column("action_id", sa.String(64), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(256), nullable=False),
        sa.Column("was", sa.String(16)),
        sa.Column("now", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("audit_by_action", "audit", ["action_id", "number"])
    op.create_table(
        "events",
        sa.Column("number", Number, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("events_by_conversation", "events", ["conversation_id", "number"])
    op.create_table(
        "webhook_cursors",
        sa.Column("subscription", sa.String(64), primary_key=True),
        sa.Column("last_event", sa.BigInteger, nullable=False),
        sa.Column("is_gone", sa.Boolean, nullable=False),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("number", Number, primary_key=True, autoincrement=True),
        sa.Column("subscription", sa.String(64), nullable=False),
        sa.Column("event_number", sa.BigInteger, nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
    )
    op.create_index("webhook_deliveries_due", "webhook_deliveries", ["state", "due_at"])
    lane = ["subscription", "conversation_id", "event_number"]
    op.create_index("webhook_deliveries_by_lane", "webhook_deliveries", lane)


def downgrade() -> None:
    for table in ("webhook_deliveries", "webhook_cursors", "events", "audit", "actions"):
        op.drop_table(table)
    for name in ("notice", "actions", "tools"):
        op.drop_column("turns", name)
