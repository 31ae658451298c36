"""Finds the turns that may hold a text, in an index of character groups.

SQLite: FTS5 trigrams (migration 0002). A word of one or two characters, as most Chinese words are,
is looked up as the beginning of trigrams; two control characters are added to each text, so that
its last characters begin trigrams too. PostgreSQL: a GIN index of characters and pairs. Both ignore
case, and both find too much: the caller compares the texts.
"""

from sqlalchemy import ColumnElement, exists, or_, select, text
from sqlalchemy.orm import Session

from gateway.storage.models import Conversation, Turn

MAX_CANDIDATES = 2000  # more turns than this: the newest conversations surely hold the text
MAX_TERMS = 500
MAX_GROUPS = 16  # of one query; more narrow the result no further

PG_INDEX = "turns_by_grams"
TERMS = text(
    "SELECT term FROM turn_index_terms WHERE term >= :first AND term < :beyond LIMIT :most"
)
MATCHING = text(
    "SELECT rowid FROM turn_index WHERE turn_index MATCH :groups ORDER BY rowid DESC LIMIT :most"
)
HOLDING = text(
    "SELECT number FROM turns WHERE sightdesk_grams(text) @> CAST(:groups AS text[]) LIMIT :most"
)
VALID = text(
    "SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    "WHERE pg_class.oid = to_regclass(:name)"
)


def candidates(session: Session, query: str) -> list[int] | None:
    """Numbers of the indexed turns that may hold the query; None where there are more than
    MAX_CANDIDATES, or no index.
    """
    find = _in_sqlite if session.get_bind().dialect.name == "sqlite" else _in_postgresql
    found = find(session, query)
    return None if found is None or len(found) > MAX_CANDIDATES else found


def says(session: Session, query: str, owner: str | None = None) -> ColumnElement[bool]:
    """The condition that a conversation's title or one of its texts holds the query; % and _ have
    no special meaning. `owner`: the digest of whose conversations are searched; None for all.
    """
    in_title = Conversation.title.icontains(query, autoescape=True)
    in_text = Turn.text.icontains(query, autoescape=True)
    here = Turn.conversation_id == Conversation.id
    numbers = candidates(session, query)
    if numbers is None:  # a common text: soon enough of the newest conversations hold it
        return or_(in_title, exists().where(here, in_text))
    holding = select(Turn.conversation_id).where(Turn.number.in_(numbers), in_text)
    if owner is not None:
        # No join: SQLite would start from all of the owner's conversations.
        mine = (Conversation.id == Turn.conversation_id, Conversation.owner == owner)
        holding = holding.where(exists().where(*mine))
    found = or_(in_title, Conversation.id.in_(set(session.scalars(holding))))
    if upto := not_indexed(session):
        return or_(found, exists().where(here, Turn.number <= upto, in_text))
    return found


def not_indexed(session: Session) -> int:
    """Turns up to this number are not in the index yet; 0 where all are."""
    if session.get_bind().dialect.name != "sqlite":
        return 0
    return session.scalar(text("SELECT upto FROM turn_index_left")) or 0


def _in_sqlite(session: Session, query: str) -> list[int] | None:
    if len(query) >= 3:
        groups = " AND ".join(map(_quoted, _groups(query, 3)))
    else:
        first = query.lower()
        beyond = first[:-1] + chr(ord(first[-1]) + 1)
        terms = session.scalars(
            TERMS, {"first": first, "beyond": beyond, "most": MAX_TERMS + 1}
        ).all()
        if len(terms) > MAX_TERMS:
            return None
        groups = " OR ".join(map(_quoted, terms))
    if not groups:
        return []
    return list(session.scalars(MATCHING, {"groups": groups, "most": MAX_CANDIDATES + 1}))


def _in_postgresql(session: Session, query: str) -> list[int] | None:
    if not session.scalar(VALID, {"name": PG_INDEX}):
        return None
    # Without the index PostgreSQL would split every text into its groups.
    session.execute(text("SET LOCAL enable_seqscan = off"))
    groups = _groups(query.lower(), 2) if len(query) > 1 else [query.lower()]
    found = list(session.scalars(HOLDING, {"groups": groups, "most": MAX_CANDIDATES + 1}))
    session.execute(text("SET LOCAL enable_seqscan = on"))
    return found


def _groups(query: str, size: int) -> list[str]:
    """At most MAX_GROUPS of the query's groups of `size` characters, evenly spread over it."""
    groups = list(
        dict.fromkeys(query[place : place + size] for place in range(len(query) - size + 1))
    )
    step = -(-len(groups) // MAX_GROUPS)
    return groups[::step]


def _quoted(group: str) -> str:
    return '"' + group.replace('"', '""') + '"'
