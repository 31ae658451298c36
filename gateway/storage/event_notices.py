"""PostgreSQL's word that there are new events, so that nobody has to look for them all the time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from gateway.storage.database import Database
from gateway.storage.sql_engine import CONNECT_SECONDS

if TYPE_CHECKING:
    import psycopg

CHANNEL = "sightdesk_events"
AGAIN_SECONDS = 1.0  # between two tries to connect
NOTIFY = text(f"NOTIFY {CHANNEL}")


def announce_events(connection: Connection) -> None:
    """Every gateway hears of it at the commit. SQLite has one gateway, which looks by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(NOTIFY)


class EventNotices:
    """`heard` is called for notices, and once at each new connection: some may have been missed.

    `is_listening`: whether notices arrive. Without PostgreSQL they never do.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.heard: Callable[[], None] = lambda: None
        self.is_listening = False

    async def run(self) -> None:
        """Listens until it is cancelled; connects again where the server goes away."""
        import psycopg  # here: it takes memory that a gateway with SQLite does without

        while True:
            with suppress(psycopg.Error):  # writes that fail are counted by the database
                await self._listen()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _listen(self) -> None:
        """Returns where the connection ends. Raises psycopg.Error."""
        from psycopg import AsyncConnection

        connection: psycopg.AsyncConnection[Any]
        connection = await AsyncConnection.connect(
            **self._database.connect_arguments(),
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            application_name=self._database.writer,
        )
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self.is_listening = True
            try:
                self.heard()
                async for _ in connection.notifies():
                    self.heard()
            finally:
                self.is_listening = False
                self.heard()  # whoever waits for a notice looks by itself now
