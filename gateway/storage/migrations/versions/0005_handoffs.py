"""Hand-overs with their states, and what people say in a conversation."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
GOES_BACK = False
BACK = "The tables before it cannot hold what staff wrote and decided."

FIRST_NUMBER = 1000


def upgrade() -> None:
    op.add_column("turns", sa.Column("author", sa.String(256)))
    op.add_column("turns", sa.Column("offer", sa.JSON))
    for column in (
        sa.Column("number", sa.Integer, nullable=False, server_default="0"),
        sa.Column("owner", sa.String(32), nullable=False, server_default=""),
        sa.Column("reason", sa.String(16), nullable=False, server_default="asked"),
        sa.Column("rule", sa.String(64), nullable=False, server_default=""),
        sa.Column("contact", sa.Text, nullable=False, server_default=""),
        sa.Column("summary", sa.Text, nullable=False, server_default=""),
        sa.Column("details", sa.JSON),
        sa.Column("fields", sa.JSON),
        sa.Column("pictures", sa.JSON),
        sa.Column("assignee", sa.String(256)),
        sa.Column("claimed_at", sa.BigInteger),
        sa.Column("first_claimed_at", sa.BigInteger),
        sa.Column("handled", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("waiting_since", sa.BigInteger),
        sa.Column("staff_at", sa.BigInteger),
        sa.Column("missed_at", sa.BigInteger),
        sa.Column("resolved_at", sa.BigInteger),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("outcome", sa.String(16)),
        sa.Column("resolution", sa.Text, nullable=False, server_default=""),
        sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    ):
        op.add_column("handoffs", column)
    _number_old_ones()
    living = sa.text("status <> 'resolved'")
    for name, of in (
        ("handoffs_living_number", "number"),
        ("handoffs_living_conversation", "conversation_id"),
    ):
        op.create_index(
            name, "handoffs", [of], unique=True, sqlite_where=living, postgresql_where=living
        )
    op.create_index("handoffs_by_status", "handoffs", ["status", "created_at", "id"])
    op.create_index("handoffs_due", "handoffs", ["due_at"])


def _number_old_ones() -> None:
    """Nobody has answered these: the newest of each conversation waits on, as a missed one."""
    handoffs = sa.table(
        "handoffs",
        *map(sa.column, ("id", "conversation_id", "status", "number", "owner", "created_at")),
        *map(sa.column, ("missed_at", "resolved_at", "outcome")),
    )
    conversations = sa.table("conversations", sa.column("id"), sa.column("owner"))
    connection = op.get_bind()
    wanted = (
        sa.select(handoffs.c.id, handoffs.c.conversation_id, handoffs.c.created_at)
        .add_columns(conversations.c.owner)
        .join(conversations, conversations.c.id == handoffs.c.conversation_id)
        .order_by(handoffs.c.created_at.desc(), handoffs.c.id)
    )
    waiting: set[str] = set()
    for place, old in enumerate(connection.execute(wanted).all()):
        values = {"owner": old.owner, "number": FIRST_NUMBER + place}
        if old.conversation_id in waiting:
            values |= {"status": "resolved", "resolved_at": old.created_at, "outcome": "unsolved"}
        else:
            values |= {"status": "missed", "missed_at": old.created_at}
        waiting.add(old.conversation_id)
        connection.execute(handoffs.update().where(handoffs.c.id == old.id).values(**values))
