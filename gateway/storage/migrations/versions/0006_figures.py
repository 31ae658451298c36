"""What figures count of an answer, and whose a conversation is.

Answers that are stored already get their subject. How long they took is not known.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from gateway.storage.answer_facts import Measured, facts_of

revision = "0006"
down_revision = "0005"
GOES_BACK = True
BACK = "Times and tokens of answers are lost."

BATCH = 1_000
FACTS = ("subject_kind", "subject", "topic", "is_ungrounded")
OF_ANSWER = (
    *("created_at", "outcome", "state", "degraded", "is_ungrounded", "subject_kind", "subject"),
    *("first_token_ms", "duration_ms", "prompt_tokens", "completion_tokens"),
)
OF_TOPIC = ("topic", "created_at", "number", "outcome", "subject_kind", "conversation_id")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("person", sa.String(32)))
    op.create_index("conversations_by_person", "conversations", ["person"])
    op.create_index("conversations_by_time", "conversations", ["updated_at", "id"])
    op.create_index("conversations_by_beginning", "conversations", ["created_at"])
    for name, kind in (
        ("subject_kind", sa.String(16)),
        ("subject", sa.String(200)),
        ("topic", sa.BigInteger()),
        ("is_ungrounded", sa.Boolean()),
        ("first_token_ms", sa.BigInteger()),
        ("duration_ms", sa.BigInteger()),
        ("prompt_tokens", sa.BigInteger()),
        ("completion_tokens", sa.BigInteger()),
    ):
        op.add_column("turns", sa.Column(name, kind))
    _fill_old_answers()
    op.add_column(
        "feedback", sa.Column("asked_at", sa.BigInteger, nullable=False, server_default="0")
    )
    op.execute(
        "UPDATE feedback SET asked_at = "
        "(SELECT created_at FROM turns WHERE turns.number = feedback.turn_number)"
    )
    op.create_index("feedback_by_time", "feedback", ["asked_at", "rating"])
    for index, columns, condition in (
        ("questions_by_time", ("created_at", "number", "role"), "role <> 'assistant'"),
        ("answers_by_time", OF_ANSWER, "is_ungrounded IS NOT NULL"),
        ("answers_by_topic", OF_TOPIC, "topic IS NOT NULL"),
    ):
        where = sa.text(condition)
        op.create_index(index, "turns", list(columns), sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for table, indexes in (
        ("turns", ("answers_by_topic", "answers_by_time", "questions_by_time")),
        ("feedback", ("feedback_by_time",)),
        (
            "conversations",
            ("conversations_by_beginning", "conversations_by_time", "conversations_by_person"),
        ),
    ):
        for index in indexes:
            op.drop_index(index, table)
    op.drop_column("feedback", "asked_at")
    for name in (*FACTS, "first_token_ms", "duration_ms", "prompt_tokens", "completion_tokens"):
        op.drop_column("turns", name)
    op.drop_column("conversations", "person")


def _fill_old_answers() -> None:
    turns = sa.table(
        "turns",
        *map(sa.column, ("number", "conversation_id", "role", "notice", *FACTS)),
        *(sa.column(name, sa.JSON()) for name in ("citations", "tools", "reading", "grounding")),
    )
    conversations = sa.table("conversations", sa.column("id"), sa.column("owner"))
    connection = op.get_bind()
    fill = (
        turns.update()
        .where(turns.c.number == sa.bindparam("at"))
        .values({name: sa.bindparam(f"its_{name}") for name in FACTS})
    )
    is_answer = turns.c.notice.is_(sa.null())
    last = 0
    while True:
        wanted = (
            sa.select(turns, conversations.c.owner)
            .join(conversations, conversations.c.id == turns.c.conversation_id)
            .where(turns.c.role == "assistant", is_answer, turns.c.number > last)
            .order_by(turns.c.number)
            .limit(BATCH)
        )
        rows = connection.execute(wanted).all()
        if not rows:
            return
        connection.execute(fill, [_filled(row) for row in rows])
        last = rows[-1].number


def _filled(row: Any) -> dict[str, Any]:
    facts = facts_of(
        row.owner,
        row.citations or (),
        row.tools or (),
        row.reading or (),
        row.grounding,
        Measured(),
    )
    return {"at": row.number, **{f"its_{name}": facts[name] for name in FACTS}}
