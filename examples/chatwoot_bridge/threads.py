"""Which conversation of Chatwoot belongs to which hand-over, and which events have come, in
SQLite."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

TABLES = """
    CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS threads (
        handoff TEXT PRIMARY KEY, contact TEXT NOT NULL, conversation INTEGER NOT NULL UNIQUE);
"""


@dataclass(frozen=True, slots=True)
class Thread:
    """`contact`: Chatwoot's source id. `conversation`: its number in Chatwoot."""

    handoff: str
    contact: str
    conversation: int


class Threads:
    def __init__(self, file: Path) -> None:
        self._file = file
        with closing(sqlite3.connect(file)) as database:
            database.executescript(TABLES)

    def has_seen(self, event_id: str) -> bool:
        with closing(sqlite3.connect(self._file)) as database:
            found = database.execute("SELECT 1 FROM seen WHERE id = ?", (event_id,)).fetchone()
            return found is not None

    def see(self, event_id: str) -> None:
        """Call it once the event is dealt with: one that fails in between comes again."""
        with closing(sqlite3.connect(self._file)) as database, database:
            database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (event_id,))

    def add(self, thread: Thread) -> None:
        row = (thread.handoff, thread.contact, thread.conversation)
        with closing(sqlite3.connect(self._file)) as database, database:
            database.execute("INSERT OR REPLACE INTO threads VALUES (?, ?, ?)", row)

    def of_handoff(self, handoff_id: str) -> Thread | None:
        return self._find("handoff = ?", handoff_id)

    def of_conversation(self, number: int) -> Thread | None:
        return self._find("conversation = ?", number)

    def _find(self, where: str, value: str | int) -> Thread | None:
        with closing(sqlite3.connect(self._file)) as database:
            wanted = f"SELECT handoff, contact, conversation FROM threads WHERE {where}"
            row = database.execute(wanted, (value,)).fetchone()
            return Thread(*row) if row else None
