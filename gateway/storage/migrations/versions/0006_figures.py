"""What figures count of an answer, and whose a conversation is.

Answers that are stored already get their subject where it is a clause. How long they took is not
known, nor whether their people came back to the subject.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

FIRST_TITLE = {"sqlite": "json_extract(citations, '$[0].title')", "": "citations -> 0 ->> 'title'"}
SUPPORTED = {
    "sqlite": "json_extract(grounding, '$.supported') = 0",
    "": "grounding ->> 'supported' = 'false'",
}


def upgrade() -> None:
    op.add_column("conversations", sa.Column("person", sa.String(32)))
    op.create_index("conversations_by_person", "conversations", ["person"])
    op.create_index("conversations_by_time", "conversations", ["updated_at", "id"])
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
    dialect = op.get_bind().dialect.name
    title = FIRST_TITLE.get(dialect, FIRST_TITLE[""])
    unsupported = SUPPORTED.get(dialect, SUPPORTED[""])
    op.execute(
        f"UPDATE turns SET subject_kind = CASE WHEN {title} IS NULL THEN NULL ELSE 'clause' END, "  # noqa: S608 - our own texts
        f"subject = substr({title}, 1, 200), is_ungrounded = coalesce({unsupported}, false) "
        "WHERE role = 'assistant'"
    )
    op.create_index("turns_by_time", "turns", ["role", "created_at", "number"])
