"""Reads events in the order of their numbers, and misses none that is committed late."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session

from gateway.storage.database import Database
from gateway.storage.event_tables import StoredEvent
from gateway.storage.models import Conversation
from gateway.storage.owners import digest, no_conversation

# What open pages hear of, by the beginning of the type: those of customers, and of staff.
LIVE = ("action.", "handoff.")
DESK = (*LIVE, "feedback.", "answer.")
# Every transaction that has begun an INSERT into the table, also one that has no number yet.
WRITERS = text("""
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND relation = CAST('events' AS regclass) AND mode = 'RowExclusiveLock'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""")


@dataclass(frozen=True, slots=True)
class Told:
    number: int
    type: str
    conversation_id: str
    data: dict[str, Any]


class EventLog:
    """Synchronous: call it from threads. All raise StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = Lock()
        self._settled = 0
        self._newest = 0
        self._writers: set[str] = set()  # those that may still commit a number up to `_newest`

    def settled(self) -> int:
        """The last number up to which no further event can appear.

        PostgreSQL gives out numbers before it commits, so number 7 may be seen before number 6. A
        reader that goes on after 7 would lose 6. Whoever inserts an event holds a lock on the
        table from before it gets a number until it has ended. So all numbers up to the newest one
        seen are settled once the transactions that held the lock just after have ended. This waits
        for none of them, and no later one delays it. SQLite has one writer at a time.
        """
        with self._guard, self._database.reading() as session:
            if not self._writers:
                newest = session.scalar(select(func.max(StoredEvent.number))) or 0
                if newest <= self._settled:
                    return self._settled
                self._newest = newest
                self._writers = self._open_writers(session)
            else:
                self._writers &= self._open_writers(session)
            if not self._writers:
                self._settled = self._newest
            return self._settled

    @property
    def is_settled(self) -> bool:
        """Whether the last `settled` was not held up by a transaction."""
        return not self._writers

    def _open_writers(self, session: Session) -> set[str]:
        return set() if self._database.is_sqlite else set(session.scalars(WRITERS))

    def live(self, after: int, upto: int, limit: int) -> list[Told]:
        """The first `limit` events for open pages, of all conversations."""
        return self._between(after, upto, limit, DESK)

    def of_all(self, after: int | None, limit: int) -> tuple[int, list[Told] | None]:
        """Returns (the last settled number, the events for staff after number `after`; none for
        None). None stands for more than `limit` events."""
        upto = self.settled()
        if after is None:
            return upto, []
        found = self._between(after, upto, limit + 1, DESK)
        return upto, found if len(found) <= limit else None

    def of_conversation(
        self, owner: str, conversation_id: str, after: int | None, limit: int
    ) -> tuple[int, list[Told] | None]:
        """Returns (the last settled number, the conversation's events for open pages after number
        `after`; none for None). None stands for more than `limit` events. Raises NotFound where
        the conversation is not the owner's."""
        with self._database.reading() as session:
            mine = (Conversation.id == conversation_id, Conversation.owner == digest(owner))
            if session.scalar(select(Conversation.id).where(*mine)) is None:
                raise no_conversation(conversation_id)
        upto = self.settled()
        if after is None:
            return upto, []
        here = StoredEvent.conversation_id == conversation_id
        found = self._between(after, upto, limit + 1, LIVE, here)
        return upto, found if len(found) <= limit else None

    def _between(
        self,
        after: int,
        upto: int,
        limit: int,
        types: Sequence[str],
        *where: ColumnElement[bool],
    ) -> list[Told]:
        wanted = (
            select(
                StoredEvent.number, StoredEvent.type, StoredEvent.conversation_id, StoredEvent.data
            )
            .where(StoredEvent.number > after, StoredEvent.number <= upto, *where)
            .where(or_(*(StoredEvent.type.startswith(one, autoescape=True) for one in types)))
            .order_by(StoredEvent.number)
            .limit(limit)
        )
        with self._database.reading() as session:
            rows: Sequence[Any] = session.execute(wanted).all()
        return [Told(*row) for row in rows]
