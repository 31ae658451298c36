"""What the page sent and no stored question names goes after a week: whoever attached a picture and closed the page did not ask anything.

Files of `/v1/files` stay until they are deleted, as an SDK's user expects.
"""

import asyncio
import logging
import time

from gateway.errors import StoreUnavailable
from gateway.files.store import FileStore
from gateway.store.database import Database
from gateway.store.owners import unused_files

log = logging.getLogger("sightdesk.files")
UNUSED_SECONDS = 7 * 24 * 3600
EVERY_SECONDS = 24 * 3600


async def sweeping(files: FileStore, database: Database) -> None:
    while True:
        try:
            removed = await asyncio.to_thread(sweep, files, database, time.time() - UNUSED_SECONDS)
            if removed:
                log.info("unused_files_removed", extra={"files": removed})
        except StoreUnavailable:
            pass  # which files are used is not known; tomorrow then
        except OSError as error:
            log.warning("sweep_failed", extra={"reason": str(error)})
        await asyncio.sleep(EVERY_SECONDS)


def sweep(files: FileStore, database: Database, before: float) -> int:
    """How many were removed of those that were sent before that time. Raises StoreUnavailable, OSError."""
    removed = 0
    for owner_digest, file_ids in files.from_page(before):
        with database.reading() as session:
            unused = unused_files(session, owner_digest, file_ids)
        files.discard(owner_digest, unused)
        removed += len(unused)
    return removed
