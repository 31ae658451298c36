"""One job of each owner at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.errors import RateLimitExceeded

RETRY_SECONDS = 1


@dataclass(slots=True)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class OnePerOwner:
    """A second job of the same owner waits for the first one, at most `patience` seconds; without
    `patience`, as long as it takes.
    """

    def __init__(self, what: str, patience: float | None = None) -> None:
        self._what = what  # names the job in the error: "export"
        self._patience = patience
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def turn(self, owner: str) -> AsyncIterator[None]:
        """Raises RateLimitExceeded where the owner's running job did not end in time."""
        line = self._lines.setdefault(owner, _Line())
        line.users += 1
        try:
            await self._acquire(line.lock)
            try:
                yield
            finally:
                line.lock.release()
        finally:
            line.users -= 1
            if not line.users:
                del self._lines[owner]

    async def _acquire(self, lock: asyncio.Lock) -> None:
        if not lock.locked():
            await lock.acquire()
            return
        try:
            async with asyncio.timeout(self._patience):
                await lock.acquire()
        except TimeoutError:
            raise RateLimitExceeded(
                f"You have one {self._what} running, and one at a time is the limit.",
                retry_after=RETRY_SECONDS,
                details={"limit": 1, "name": self._what},
            ) from None
