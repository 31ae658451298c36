"""Staff's corrections as the retriever searches them: in memory, as new as a second."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from threading import Lock

from gateway.errors import GatewayError
from gateway.knowledge.correction_table import Correction, CorrectionTable
from gateway.server.daemon_threads import in_daemon
from gateway.storage.clause_corrections import ClauseCorrections, CorrectionRow

PAUSE_SECONDS = 1.0  # between two looks at what other gateways have written


class StoredCorrections:
    """Implements `CorrectionSource`. While the database does not answer, the last state stands."""

    def __init__(self, store: ClauseCorrections) -> None:
        self._store = store
        self._state: tuple[int, int] | None = None
        self._reading = Lock()  # a slower reader does not put an older table back
        self.table = CorrectionTable()

    async def watch(self) -> None:
        """Follows the table until it is cancelled."""
        while True:
            await in_daemon(self.try_refresh)
            await asyncio.sleep(PAUSE_SECONDS)

    def refresh(self) -> None:
        """Reads the table where it has changed; in a thread. Raises StoreUnavailable."""
        with self._reading:
            state = self._store.state()
            if state == self._state:
                return
            rows = self._store.every()
            self.table = CorrectionTable(list(map(_correction, rows)), self.table)
            self._state = state

    def try_refresh(self) -> None:
        """`refresh`, or none while the database does not answer."""
        with suppress(GatewayError):
            self.refresh()


def _correction(row: CorrectionRow) -> Correction:
    date = datetime.fromtimestamp(row.created_at / 1000, UTC).date().isoformat()
    return Correction(row.id, row.questions, row.text, row.author, date, row.title)
