"""One job of each owner at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.errors import RateLimitExceeded

RETRY_SECONDS = 1


@dataclass(slots=True)
class _Slot:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0  # running or waiting


class OnePerOwner:
    def __init__(self, job: str, timeout: float | None = None) -> None:
        """`job` names the work in the error: "export". A second job of the same owner waits for
        the first at most `timeout` seconds; None: without a limit."""
        self._job = job
        self._timeout = timeout
        self._slots: dict[str, _Slot] = {}

    @asynccontextmanager
    async def turn(self, owner: str) -> AsyncIterator[None]:
        """Holds the owner's slot for the length of the block. Raises RateLimitExceeded where the
        running job did not end in time."""
        slot = self._slots.setdefault(owner, _Slot())
        slot.users += 1
        try:
            await self._acquire(slot.lock)
            try:
                yield
            finally:
                slot.lock.release()
        finally:
            slot.users -= 1
            if not slot.users:
                del self._slots[owner]

    async def _acquire(self, lock: asyncio.Lock) -> None:
        if not lock.locked():
            await lock.acquire()
            return
        try:
            async with asyncio.timeout(self._timeout):
                await lock.acquire()
        except TimeoutError:
            raise RateLimitExceeded(
                f"You have one {self._job} running, and one at a time is the limit.",
                retry_after=RETRY_SECONDS,
                details={"limit": 1, "name": self._job},
            ) from None
