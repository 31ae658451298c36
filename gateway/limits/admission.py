"""At most MAX_CONCURRENT requests inside each engine; behind that a queue that is fair by owner."""

import asyncio
import hashlib
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.engines.upstream import Upstream
from gateway.errors import QueueFull, UpstreamUnavailable
from gateway.metrics import Metrics

# An engine that holds the conversation's prefix is preferred until it is this much busier than the idlest one.
AFFINITY_SLACK = 4
DOWN_RETRY_SECONDS = 5

Moved = Callable[[int], Awaitable[None]]


@dataclass(slots=True, eq=False)
class Permit:
    """A place inside `upstream`. Give it back exactly once, in a `finally`."""

    upstream: Upstream
    admission: "Admission"

    def release(self) -> None:
        self.admission._release(self.upstream)


@dataclass(slots=True, eq=False)
class Waiter:
    owner: str
    affinity: str
    exclude: frozenset[str]
    # Positions as they change, and at last the permit.
    inbox: "asyncio.Queue[int | Permit]" = field(default_factory=asyncio.Queue)


class Admission:
    def __init__(self, upstreams: list[Upstream], max_queued: int, queue_timeout: float, metrics: Metrics) -> None:
        self.upstreams = upstreams
        self._max_queued = max_queued
        self._queue_timeout = queue_timeout
        self._metrics = metrics
        self._waiting: OrderedDict[str, deque[Waiter]] = OrderedDict()

    async def admit(
        self, owner: str, affinity: str, exclude: frozenset[str] = frozenset(), moved: Moved | None = None
    ) -> Permit:
        """A place in the best engine. `moved` is told the position in the queue, 1 first, whenever it changes.

        Raises UpstreamUnavailable when no engine can be asked, QueueFull when the queue is full or QUEUE_TIMEOUT is over.
        """
        waiter = Waiter(owner, affinity, exclude)
        if not self._candidates(waiter):
            raise self._unavailable(exclude)
        if not self._waiting and (permit := self._grant(waiter)):
            self._metrics.queue_wait.observe(0)
            return permit
        if self.depth >= self._max_queued:
            raise QueueFull(f"All engines are busy and {self._max_queued} requests wait already.", retry_after=5)
        return await self._wait(waiter, moved)

    @property
    def depth(self) -> int:
        return sum(map(len, self._waiting.values()))

    async def _wait(self, waiter: Waiter, moved: Moved | None) -> Permit:
        started = time.perf_counter()
        self._waiting.setdefault(waiter.owner, deque()).append(waiter)
        self.dispatch()
        permit: Permit | None = None
        try:
            async with asyncio.timeout(self._queue_timeout):
                while permit is None:
                    news = await waiter.inbox.get()
                    if isinstance(news, Permit):
                        permit = news
                    elif moved is not None:
                        await moved(news)
        except TimeoutError:
            raise QueueFull(f"No engine was free for {self._queue_timeout:g} s.", retry_after=5) from None
        finally:
            self._metrics.queue_wait.observe(time.perf_counter() - started)
            if permit is None:
                self._forget(waiter)
        return permit

    def dispatch(self) -> None:
        """Hands free places to waiters, one owner after the other; tells the rest where they stand."""
        granted = True
        while granted and self._waiting:
            granted = False
            for owner, waiters in list(self._waiting.items()):
                if permit := self._grant(waiters[0]):
                    waiters.popleft().inbox.put_nowait(permit)
                    self._waiting.move_to_end(owner)
                    if not waiters:
                        del self._waiting[owner]
                    granted = True
                    break
        self._metrics.queue_depth.set(self.depth)
        for position, waiter in enumerate(self._in_order(), start=1):
            waiter.inbox.put_nowait(position)

    def _in_order(self) -> list[Waiter]:
        """Everybody waiting, in the order in which they will be served: round by round over the owners."""
        rounds = max(map(len, self._waiting.values()), default=0)
        return [queue[turn] for turn in range(rounds) for queue in self._waiting.values() if turn < len(queue)]

    def _candidates(self, waiter: Waiter) -> list[Upstream]:
        return [upstream for upstream in self.upstreams if upstream.usable and upstream.name not in waiter.exclude]

    def _grant(self, waiter: Waiter) -> Permit | None:
        free = [upstream for upstream in self._candidates(waiter) if upstream.has_room]
        if not free:
            return None
        favourite = max(free, key=lambda upstream: _rendezvous(waiter.affinity, upstream.name))
        idlest = min(free, key=lambda upstream: upstream.inflight)
        chosen = favourite if favourite.inflight <= idlest.inflight + AFFINITY_SLACK else idlest
        chosen.inflight += 1
        chosen.breaker.started()
        self._metrics.inflight.inc()
        return Permit(chosen, self)

    def _release(self, upstream: Upstream) -> None:
        upstream.inflight -= 1
        self._metrics.inflight.dec()
        self.dispatch()

    def _forget(self, waiter: Waiter) -> None:
        queue = self._waiting.get(waiter.owner)
        if queue and waiter in queue:
            queue.remove(waiter)
            if not queue:
                del self._waiting[waiter.owner]
        while not waiter.inbox.empty():
            if isinstance(news := waiter.inbox.get_nowait(), Permit):
                news.release()
        self.dispatch()

    def _unavailable(self, exclude: frozenset[str]) -> UpstreamUnavailable:
        waits = [upstream.breaker.retry_after() for upstream in self.upstreams if upstream.name not in exclude]
        wait = max(1, round(min([wait for wait in waits if wait > 0], default=DOWN_RETRY_SECONDS)))
        return UpstreamUnavailable(f"No engine answers at the moment; try again in {wait} s.", retry_after=wait)


def _rendezvous(affinity: str, name: str) -> bytes:
    """Highest-random-weight hashing (Thaler and Ravishankar, 1998): an engine that leaves moves only its own share."""
    return hashlib.blake2b(f"{affinity}\0{name}".encode(), digest_size=8).digest()
