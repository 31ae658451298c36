"""An index of the texts of turns, for searching (gateway/storage/text_search.py).

Stored turns are indexed later, in small transactions (gateway/storage/text_indexing.py): this takes
a moment however many there are. On SQLite triggers keep the index up to date: it has the turns
above `turn_index_left.upto`, and deleted texts wait in `turn_index_removed` until they are taken
out.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
GOES_BACK = True
BACK = "The search index is lost; it can be made again."

SQLITE = (
    "CREATE VIRTUAL TABLE turn_index USING fts5(text, content='', detail=none, tokenize='trigram')",
    "CREATE VIRTUAL TABLE turn_index_terms USING fts5vocab(turn_index, row)",
    "CREATE TABLE turn_index_left (upto INTEGER NOT NULL)",
    "INSERT INTO turn_index_left SELECT coalesce(max(number), 0) FROM turns",
    "CREATE TABLE turn_index_removed (number INTEGER PRIMARY KEY, text TEXT NOT NULL)",
    """CREATE TRIGGER turn_index_insert AFTER INSERT ON turns
    WHEN new.text <> '' AND new.number > (SELECT upto FROM turn_index_left) BEGIN
        INSERT INTO turn_index (rowid, text) VALUES (new.number, new.text || char(1, 1));
    END""",
    """CREATE TRIGGER turn_index_delete AFTER DELETE ON turns
    WHEN old.text <> '' AND old.number > (SELECT upto FROM turn_index_left) BEGIN
        INSERT INTO turn_index_removed (number, text) VALUES (old.number, old.text);
    END""",
    """CREATE TRIGGER turn_index_update AFTER UPDATE OF text ON turns
    WHEN new.text <> old.text AND new.number > (SELECT upto FROM turn_index_left) BEGIN
        INSERT INTO turn_index (turn_index, rowid, text)
            SELECT 'delete', old.number, old.text || char(1, 1) WHERE old.text <> '';
        INSERT INTO turn_index (rowid, text)
            SELECT new.number, new.text || char(1, 1) WHERE new.text <> '';
    END""",
)
# Single characters and pairs of neighbours, lower case. Its cost keeps the planner from calling
# it for each row.
POSTGRESQL = """
CREATE FUNCTION sightdesk_grams(text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100000 AS $$
    SELECT coalesce(array_agg(DISTINCT gram), '{}') FROM (
        SELECT unnest(ARRAY[letter, letter || lead(letter) OVER (ORDER BY place)]) AS gram
        FROM unnest(string_to_array(lower($1), NULL)) WITH ORDINALITY AS letters(letter, place)
    ) AS grams WHERE gram IS NOT NULL
$$"""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for statement in SQLITE:
            connection.exec_driver_sql(statement)
    else:
        connection.execute(sa.text(POSTGRESQL))


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for trigger in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER turn_index_{trigger}")
        for table in ("turn_index_terms", "turn_index", "turn_index_left", "turn_index_removed"):
            op.execute(f"DROP TABLE {table}")
    else:
        op.execute("DROP INDEX IF EXISTS turns_by_grams")
        op.execute("DROP FUNCTION sightdesk_grams(text)")
