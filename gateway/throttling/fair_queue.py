"""Turns that go round by owner: nobody waits for all the work that one other caller has sent."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.errors import QueueFull

Item = TypeVar("Item")
Moved = Callable[[int], Awaitable[None]]
RETRY_SECONDS = 5


class Rounds(Generic[Item]):
    """What waits, in the order in which it is served: one item an owner in each round, first come first served."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[Item]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Item]:
        """Every item, in the order in which it will be served."""
        rounds = max(map(len, self._waiting.values()), default=0)
        for turn in range(rounds):
            for queue in self._waiting.values():
                if turn < len(queue):
                    yield queue[turn]

    def count(self, owner: str) -> int:
        """How many items of this owner wait."""
        return len(self._waiting.get(owner, ()))

    def join(self, owner: str, item: Item) -> None:
        self._waiting.setdefault(owner, deque()).append(item)
        self._size += 1

    def leave(self, owner: str, item: Item) -> bool:
        """Removes an item that no longer wants its turn. False where it does not wait."""
        queue = self._waiting.get(owner)
        if queue is None or item not in queue:
            return False
        queue.remove(item)
        if not queue:
            del self._waiting[owner]
        self._size -= 1
        return True

    def serve(self, wanted: Callable[[Item], bool]) -> Item | None:
        """Takes out the first item that `wanted` accepts; its owner goes to the end of the round."""
        for owner, queue in self._waiting.items():
            for item in queue:
                if wanted(item):
                    self._waiting.move_to_end(owner)
                    self.leave(owner, item)
                    return item
        return None


@dataclass(slots=True, eq=False)
class _Waiter:
    owner: str
    position: int = 0  # as last told
    # Positions as they change; 0 is the turn itself.
    inbox: "asyncio.Queue[int]" = field(default_factory=asyncio.Queue)


class FairQueue:
    """At most `slots` turns at once, `at_once` of them one owner's, and at most `per_owner` turns of
    one owner waiting."""

    def __init__(self, slots: int, per_owner: int, what: str, at_once: int | None = None) -> None:
        self._free = slots
        self._at_once = at_once or slots
        self._holding: Counter[str] = Counter()  # turns by owner
        self._per_owner = per_owner
        self._what = what  # names the work in the error: "pictures to be read"
        self._waiting: Rounds[_Waiter] = Rounds()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self, owner: str, moved: Moved | None = None) -> AsyncIterator[None]:
        """Holds one slot for the length of the block. `moved` is told the position, 1 first, whenever it changes.

        Raises QueueFull where `per_owner` turns of this owner wait already.
        """
        await self._wait(owner, moved)
        try:
            yield
        finally:
            self._give_back(owner)

    async def _wait(self, owner: str, moved: Moved | None) -> None:
        if not len(self._waiting) and self._has_room(owner):
            self._take(owner)
            return
        if (waiting := self._waiting.count(owner)) >= self._per_owner:
            raise QueueFull(
                f"You have {waiting} {self._what} waiting; at most {self._per_owner} may wait.",
                retry_after=RETRY_SECONDS,
                details={"limit": self._per_owner, "size": waiting},
            )
        waiter = _Waiter(owner)
        self._waiting.join(owner, waiter)
        self._dispatch()
        has_turn = False
        try:
            while not has_turn:
                position = await waiter.inbox.get()
                has_turn = position == 0
                if moved is not None:
                    await moved(position)
        except BaseException:
            if self._waiting.leave(owner, waiter):
                self._dispatch()
            else:  # the turn came while its owner left
                self._give_back(owner)
            raise

    def _has_room(self, owner: str) -> bool:
        return self._free > 0 and self._holding[owner] < self._at_once

    def _take(self, owner: str) -> None:
        self._free -= 1
        self._holding[owner] += 1

    def _give_back(self, owner: str) -> None:
        self._free += 1
        self._holding[owner] -= 1
        if not self._holding[owner]:
            del self._holding[owner]
        self._dispatch()

    def _dispatch(self) -> None:
        while (
            self._free
            and (waiter := self._waiting.serve(lambda one: self._has_room(one.owner))) is not None
        ):
            self._take(waiter.owner)
            waiter.inbox.put_nowait(0)
        for position, waiter in enumerate(self._waiting, start=1):
            if waiter.position != position:
                waiter.position = position
                waiter.inbox.put_nowait(position)
