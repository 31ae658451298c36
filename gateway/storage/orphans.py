"""Ends answers whose gateway died, while other gateways go on (PostgreSQL)."""

import asyncio
from contextlib import suppress

from gateway.errors import GatewayError
from gateway.storage import schema
from gateway.storage.database import Database

EVERY_SECONDS = 5.0


async def failing_orphans(database: Database) -> None:
    """Runs until cancelled."""
    while True:
        with suppress(GatewayError):  # the store does not answer; its failures are counted there
            await asyncio.to_thread(fail_orphans, database)
        await asyncio.sleep(EVERY_SECONDS)


def fail_orphans(database: Database) -> None:
    """Raises StoreUnavailable."""
    with database.connected() as connection:
        schema.fail_orphans(connection)
