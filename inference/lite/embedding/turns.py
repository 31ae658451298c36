"""One piece of work at a time; callers that wait go round by owner."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """For one event loop."""

    def __init__(self) -> None:
        # Who waits, by owner. The first owner is next.
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._is_taken = False

    @asynccontextmanager
    async def turn(self, owner: str) -> AsyncIterator[None]:
        """Waits for the owner's turn, which lasts as long as the block."""
        await self._take(owner)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, owner: str) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():  # the turn came as the caller left
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Gives the turn to the next owner that waits, who moves to the end."""
        while self._waiting:
            owner, queue = next(iter(self._waiting.items()))
            first = queue.popleft()
            if queue:
                self._waiting.move_to_end(owner)
            else:
                del self._waiting[owner]
            if not first.done():
                first.set_result(None)
                return
        self._is_taken = False
