"""Whether the database, or the place of files, works now, asked at most once in PROBE_SECONDS."""

import asyncio
import math
import time
from collections.abc import Callable

# /readyz is open to anyone and Docker asks every 5 s: each write costs the disk something.
PROBE_SECONDS = 5.0
# A server that is gone may take longer to say so. Whoever asks is told "no" after this.
WAIT_SECONDS = 2.0


class Probe:
    """`ask` runs in a thread; callers at the same time share one call. `clock` is in seconds."""

    def __init__(
        self, ask: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._probed_at = -math.inf
        self._is_fine = False
        self._probing: asyncio.Task[bool] | None = None

    async def is_fine(self) -> bool:
        if self._clock() - self._probed_at < PROBE_SECONDS:
            return self._is_fine
        if self._probing is None:
            self._probing = asyncio.create_task(self._probe())
        done, _ = await asyncio.wait({self._probing}, timeout=WAIT_SECONDS)
        return bool(done) and self._is_fine

    async def _probe(self) -> bool:
        try:
            self._is_fine = await asyncio.to_thread(self._ask)
            self._probed_at = self._clock()
        finally:
            self._probing = None
        return self._is_fine
