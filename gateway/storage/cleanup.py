"""Removes files that nothing uses, at the start and daily.

Files of the page go a week after their upload if no stored question names them; remains of uploads
that broke off go at once. Files of `/v1/files` stay until they are deleted, as SDK users expect.
One gateway does it at a time; one that comes meanwhile leaves it to that one.
"""

import asyncio

import structlog

from gateway.errors import GatewayError
from gateway.storage.database import Database
from gateway.storage.file_store import FileStore
from gateway.storage.one_gateway import alone
from gateway.storage.owners import unused_files
from gateway.storage.steady_time import SteadyTime

log = structlog.get_logger()
UNUSED_SECONDS = 7 * 24 * 3600
EVERY_SECONDS = 24 * 3600
LOCK = 7_305_441_524  # any number that no other lock has


async def sweeping(files: FileStore, database: Database) -> None:
    """Runs until cancelled."""
    clock = SteadyTime()
    while True:
        try:
            before = clock.now() - UNUSED_SECONDS
            removed, orphans = await asyncio.to_thread(sweep_alone, files, database, before)
            if orphans or removed:
                log.info("unused_files_removed", files=removed, orphans=orphans)
        except GatewayError:
            pass  # logged where it was raised; what was not looked at is looked at tomorrow
        except OSError as error:
            log.warning("sweep_failed", reason=str(error))
        await asyncio.sleep(EVERY_SECONDS)


def sweep_alone(files: FileStore, database: Database, before: float) -> tuple[int, int]:
    """(unused files, remains of uploads) that were removed; (0, 0) while another gateway is at it.

    Raises StoreUnavailable, OSError.
    """
    with alone(database, LOCK) as is_alone:
        if not is_alone:
            return 0, 0
        orphans = files.remove_orphans()
        return sweep(files, database, before), orphans


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
