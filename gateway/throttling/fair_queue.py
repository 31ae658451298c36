"""Queues that are fair by owner: nobody waits for all the work that another caller has sent."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.errors import QueueFull
from gateway.throttling.round_robin import RoundRobin

# Called with a queue position, 1 first, whenever it changes; 0: the work has begun.
OnPosition = Callable[[int], Awaitable[None]]
RETRY_SECONDS = 5


@dataclass(slots=True, eq=False)
class _Waiter:
    owner: str
    position: int = 0  # as last reported
    # Positions as they change; 0 is the turn itself.
    positions: "asyncio.Queue[int]" = field(default_factory=asyncio.Queue)


class FairQueue:
    def __init__(
        self, slots: int, max_waiting: int, work: str, slots_per_owner: int | None = None
    ) -> None:
        """At most `slots` turns at once, `slots_per_owner` of them one owner's, and at most
        `max_waiting` turns of one owner waiting. `work` names the work in the error: "pictures to
        be read"."""
        self._free = slots
        self._slots_per_owner = slots_per_owner or slots
        self._held: Counter[str] = Counter()  # slots by owner
        self._max_waiting = max_waiting
        self._work = work
        self._waiting: RoundRobin[_Waiter] = RoundRobin()

    def __len__(self) -> int:
        """Turns that wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self, owner: str, on_position: OnPosition | None = None) -> AsyncIterator[None]:
        """Holds one slot for the length of the block. Raises QueueFull where `max_waiting` turns
        of this owner wait already."""
        await self._wait(owner, on_position)
        try:
            yield
        finally:
            self._release(owner)

    async def _wait(self, owner: str, on_position: OnPosition | None) -> None:
        if not len(self._waiting) and self._has_slot(owner):
            self._take(owner)
            return
        if (waiting := self._waiting.count(owner)) >= self._max_waiting:
            raise QueueFull(
                f"You have {waiting} {self._work} waiting; at most {self._max_waiting} may wait.",
                retry_after=RETRY_SECONDS,
                details={"limit": self._max_waiting, "size": waiting},
            )
        waiter = _Waiter(owner)
        self._waiting.join(owner, waiter)
        self._dispatch()
        has_turn = False
        try:
            while not has_turn:
                position = await waiter.positions.get()
                has_turn = position == 0
                if on_position is not None:
                    await on_position(position)
        except BaseException:
            if self._waiting.leave(owner, waiter):
                self._dispatch()
            else:  # cancelled after it got its slot
                self._release(owner)
            raise

    def _has_slot(self, owner: str) -> bool:
        return self._free > 0 and self._held[owner] < self._slots_per_owner

    def _take(self, owner: str) -> None:
        self._free -= 1
        self._held[owner] += 1

    def _release(self, owner: str) -> None:
        self._free += 1
        self._held[owner] -= 1
        if not self._held[owner]:
            del self._held[owner]
        self._dispatch()

    def _dispatch(self) -> None:
        while (
            self._free
            and (waiter := self._waiting.serve(lambda one: self._has_slot(one.owner))) is not None
        ):
            self._take(waiter.owner)
            waiter.positions.put_nowait(0)
        for position, waiter in enumerate(self._waiting, start=1):
            if waiter.position != position:
                waiter.position = position
                waiter.positions.put_nowait(position)
