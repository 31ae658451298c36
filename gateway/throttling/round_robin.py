"""The order in which waiting items are served: one item an owner in each round."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class RoundRobin(Generic[Item]):
    """Each owner has a queue of its own, first come, first served."""

    def __init__(self) -> None:
        self._queues: OrderedDict[str, deque[Item]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Item]:
        """Every item, in the order in which it will be served."""
        rounds = max(map(len, self._queues.values()), default=0)
        for number in range(rounds):
            for queue in self._queues.values():
                if number < len(queue):
                    yield queue[number]

    @property
    def owners(self) -> int:
        """Owners of items that wait."""
        return len(self._queues)

    def count(self, owner: str) -> int:
        """Items of this owner that wait."""
        return len(self._queues.get(owner, ()))

    def join(self, owner: str, item: Item) -> None:
        self._queues.setdefault(owner, deque()).append(item)
        self._size += 1

    def leave(self, owner: str, item: Item) -> bool:
        """Removes an item that no longer waits. False where it was not in the queue."""
        queue = self._queues.get(owner)
        if queue is None or item not in queue:
            return False
        queue.remove(item)
        if not queue:
            del self._queues[owner]
        self._size -= 1
        return True

    def serve(self, can_serve: Callable[[Item], bool]) -> Item | None:
        """Takes out the first item that `can_serve` accepts; its owner goes to the end of the
        round. None where it accepts none."""
        for owner, queue in self._queues.items():
            for item in queue:
                if can_serve(item):
                    self._queues.move_to_end(owner)
                    self.leave(owner, item)
                    return item
        return None
