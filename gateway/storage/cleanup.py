"""Files that nothing uses: what the page sent and no stored question names goes after a week, what an upload that was cut
off left goes at the start and daily.

Files of `/v1/files` stay until they are deleted, as an SDK's user expects.
"""

import asyncio
import logging
import time

from gateway.errors import GatewayError
from gateway.storage.database import Database
from gateway.storage.file_store import FileStore
from gateway.storage.owners import unused_files

log = logging.getLogger("sightdesk.files")
UNUSED_SECONDS = 7 * 24 * 3600
EVERY_SECONDS = 24 * 3600


async def sweeping(files: FileStore, database: Database) -> None:
    while True:
        try:
            orphans = await asyncio.to_thread(files.remove_orphans)
            removed = await asyncio.to_thread(sweep, files, database, time.time() - UNUSED_SECONDS)
            if orphans or removed:
                log.info("unused_files_removed", extra={"files": removed, "orphans": orphans})
        except GatewayError:
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
