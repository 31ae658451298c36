"""Staff's corrections as the retriever searches them: in memory, as new as a second."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from gateway.errors import GatewayError
from gateway.knowledge.corrections import Correction, CorrectionMatcher
from gateway.knowledge.vectors.embedding_client import EmbeddingClient, NoVectors
from gateway.server.daemon_threads import in_daemon
from gateway.storage.clause_corrections import ClauseCorrections, CorrectionRow

PAUSE_SECONDS = 1.0  # between two looks at what other gateways have written


class StoredCorrections:
    """Implements `CorrectionSource`. While the database does not answer, the last state stands."""

    def __init__(self, store: ClauseCorrections) -> None:
        self._store = store
        self._state: tuple[int, int] | None = None
        self._all: tuple[Correction, ...] = ()
        self.version = 0

    def all(self) -> Sequence[Correction]:
        return self._all

    def refresh(self) -> None:
        """Reads the table where it has changed; in a thread. Raises StoreUnavailable."""
        state = self._store.state()
        if state == self._state:
            return
        self._all = tuple(map(_correction, self._store.every()))
        self._state = state
        self.version += 1

    def try_refresh(self) -> None:
        """`refresh`, or none while the database does not answer."""
        with suppress(GatewayError):
            self.refresh()


async def following(
    corrections: StoredCorrections, matcher: CorrectionMatcher, client: EmbeddingClient | None
) -> None:
    """Follows the table until it is cancelled, and keeps the vectors of the questions current."""
    while True:
        await in_daemon(corrections.try_refresh)
        if client is not None:
            with suppress(NoVectors):  # words alone find a correction until then
                await matcher.refresh(client)
        await asyncio.sleep(PAUSE_SECONDS)


def _correction(row: CorrectionRow) -> Correction:
    date = datetime.fromtimestamp(row.created_at / 1000, UTC).date().isoformat()
    return Correction(row.id, row.questions, row.text, row.author, date, row.title)
