"""Removes files that nothing uses, at the start and daily.

Files of the page go a week after their upload if no stored question names them; remains of uploads
that broke off go at once. Files of `/v1/files` stay until they are deleted, as SDK users expect.
"""

import asyncio

import structlog

from gateway.errors import GatewayError
from gateway.storage.database import Database
from gateway.storage.file_store import FileStore
from gateway.storage.owners import unused_files
from gateway.storage.steady_time import SteadyTime

log = structlog.get_logger()
UNUSED_SECONDS = 7 * 24 * 3600
EVERY_SECONDS = 24 * 3600


async def sweeping(files: FileStore, database: Database) -> None:
    """Runs until cancelled."""
    clock = SteadyTime()
    while True:
        try:
            orphans = await asyncio.to_thread(files.remove_orphans)
            removed = await asyncio.to_thread(sweep, files, database, clock.now() - UNUSED_SECONDS)
            if orphans or removed:
                log.info("unused_files_removed", files=removed, orphans=orphans)
        except GatewayError:
            pass  # logged where it was raised; what was not looked at is looked at tomorrow
        except OSError as error:
            log.warning("sweep_failed", reason=str(error))
        await asyncio.sleep(EVERY_SECONDS)


def sweep(files: FileStore, database: Database, before: float) -> int:
    """Removes unused files of the page that were uploaded before that time, in seconds since 1970.

    Returns how many. Raises StoreUnavailable, OSError.
    """
    removed = 0
    for owner_digest, file_ids in files.page_uploads(before):
        with database.reading() as session:
            unused = unused_files(session, owner_digest, file_ids)
        files.discard(owner_digest, unused)
        removed += len(unused)
    return removed
