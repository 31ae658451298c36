"""What figures count of a day that is over, counted once (gateway/reports/day_tallies.py).

Triggers remove the tally of a day when what it was counted from changes, whatever changes it: an
answer (also that of the day after it, which may be a return to the subject), a rating, a hand-over
(which counts for all answers of its conversation).

On PostgreSQL a change also takes a lock of the day until its transaction ends, so that no tally is
counted meanwhile. Changes of younger turns than a day go without: their tallies are counted after
three days.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
GOES_BACK = True
BACK = "Nothing is lost: tallies of days are counted again."

DAY = 86_400_000
LOCK = 7_305_442_000_000_000  # plus the day; DayTallies takes the same

ROWS = {"INSERT": ("new",), "DELETE": ("old",), "UPDATE": ("old", "new")}
# By table: what makes a tally another one, and the moments whose days it is about.
TURN = f"SELECT {{row}}.created_at UNION ALL SELECT {{row}}.created_at - {DAY}"
RATING = (
    "SELECT created_at FROM turns WHERE number = {row}.turn_number UNION ALL SELECT {row}.asked_at"
)
HANDOFF = (
    "SELECT created_at FROM turns WHERE conversation_id = {row}.conversation_id "
    "UNION ALL SELECT {row}.created_at"
)
MOMENTS = {"turns": TURN, "feedback": RATING, "handoffs": HANDOFF}
EVENTS = {
    "turns": ("INSERT", "UPDATE", "DELETE"),
    "feedback": ("INSERT", "UPDATE", "DELETE"),
    "handoffs": ("INSERT", "DELETE"),
}
FORGET = f"""
CREATE OR REPLACE FUNCTION sightdesk_forget_days(moments bigint[]) RETURNS void
LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock_shared({LOCK} + day)
        FROM (SELECT DISTINCT unnest(moments) / {DAY} AS day) AS days;
    DELETE FROM day_tallies WHERE day IN (SELECT unnest(moments) / {DAY});
END $$"""  # noqa: S608 - constants alone


def upgrade() -> None:
    op.create_table(
        "day_tallies",
        sa.Column("day", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("tally", sa.JSON, nullable=False),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        op.execute(FORGET)
    for table, events in EVENTS.items():
        for event in events:
            statements = _on_sqlite if is_sqlite else _on_postgresql
            for statement in statements(table, event):
                op.execute(sa.text(statement))


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, events in EVENTS.items():
        for event in events:
            name = _name(table, event)
            op.execute(f"DROP TRIGGER {name}" + ("" if is_sqlite else f" ON {table}"))
            if not is_sqlite:
                op.execute(f"DROP FUNCTION {name}()")
    if not is_sqlite:
        op.execute("DROP FUNCTION sightdesk_forget_days(bigint[])")
    op.drop_table("day_tallies")


def _name(table: str, event: str) -> str:
    return f"day_tallies_{table}_{event.lower()}"


def _moments(table: str, event: str) -> str:
    return " UNION ALL ".join(MOMENTS[table].format(row=row) for row in ROWS[event])


def _on_sqlite(table: str, event: str) -> tuple[str, ...]:
    moments = f"(SELECT 0 AS moment UNION ALL {_moments(table, event)})"
    forget = f"DELETE FROM day_tallies WHERE day IN (SELECT moment / {DAY} FROM {moments})"  # noqa: S608 - constants alone
    return (f"CREATE TRIGGER {_name(table, event)} AFTER {event} ON {table} BEGIN {forget}; END",)


def _on_postgresql(table: str, event: str) -> tuple[str, ...]:
    name, when = _name(table, event), ""
    if table == "turns":
        moments = ", ".join(f"{row}.created_at" for row in ROWS[event])
        when = (
            f"WHEN (least({moments}) < "
            f"(extract(epoch FROM clock_timestamp()) * 1000)::bigint - {DAY})"
        )
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM sightdesk_forget_days(ARRAY({_moments(table, event)})); RETURN NULL; END $$",
        f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when} "
        f"EXECUTE FUNCTION {name}()",
    )
