"""At most MAX_CONCURRENT requests inside each engine; behind that a queue that is fair by owner."""

import asyncio
import hashlib
import time
from dataclasses import dataclass, field

from gateway.errors import QueueFull, UpstreamUnavailable
from gateway.observability.metrics import Metrics
from gateway.throttling.fair_queue import Moved, Rounds
from gateway.upstream.upstream import Upstream

# An engine that holds the conversation's prefix is preferred until it is this part of its places busier than the idlest one.
AFFINITY_SHARE = 1 / 4
DOWN_RETRY_SECONDS = 5
FULL_RETRY_SECONDS = 5


@dataclass(slots=True, eq=False)
class Permit:
    """A place inside `upstream`; release it in a `finally`. A request that was hung up on keeps a place of its own until the
    engine has let go of it (upstream/connection.py)."""

    upstream: Upstream
    _released: bool = False

    def release(self) -> None:
        """The second time does nothing."""
        if not self._released:
            self._released = True
            self.upstream.give_back()


@dataclass(slots=True, eq=False)
class Waiter:
    owner: str
    affinity: str
    exclude: frozenset[str]
    position: int = 0  # as last told
    # Positions as they change, and at last the permit, or that no engine is left.
    inbox: "asyncio.Queue[int | Permit | UpstreamUnavailable]" = field(
        default_factory=asyncio.Queue
    )


class Admission:
    """`max_queued` is per engine, as the places are."""

    def __init__(
        self, upstreams: list[Upstream], max_queued: int, queue_timeout: float, metrics: Metrics
    ) -> None:
        self.upstreams = upstreams
        self._max_queued = max_queued * len(upstreams)
        self._queue_timeout = queue_timeout
        self._metrics = metrics
        self._waiting: Rounds[Waiter] = Rounds()
        for upstream in upstreams:
            upstream.freed = self._freed

    @property
    def depth(self) -> int:
        """Requests that wait."""
        return len(self._waiting)

    async def admit(
        self,
        owner: str,
        affinity: str,
        exclude: frozenset[str] = frozenset(),
        moved: Moved | None = None,
    ) -> Permit:
        """A place in the best engine. `moved` is told the position in the queue, 1 first, whenever it changes.

        Raises UpstreamUnavailable when no engine can be asked, QueueFull when the queue is full or QUEUE_TIMEOUT is over.
        """
        if not self.depth and (permit := self._grant(affinity, exclude)):
            self._metrics.queue_wait.observe(0)
            return permit
        if not any(upstream.hopeful for upstream in self._allowed(exclude)):
            raise self._unavailable(exclude)
        if self.depth >= self._max_queued:
            raise self._full(
                f"All engines are busy and {self.depth} requests wait; at most {self._max_queued} may."
            )
        return await self._wait(Waiter(owner, affinity, exclude), moved)

    async def _wait(self, waiter: Waiter, moved: Moved | None) -> Permit:
        started = time.perf_counter()
        self._join(waiter)
        permit: Permit | None = None
        try:
            async with asyncio.timeout(self._queue_timeout):
                while permit is None:
                    news = await waiter.inbox.get()
                    if isinstance(news, Permit):
                        permit = news
                    elif isinstance(news, UpstreamUnavailable):
                        raise news
                    elif moved is not None:
                        await moved(news)
        except TimeoutError:
            raise self._full(f"No engine was free for {self._queue_timeout:g} s.") from None
        finally:
            self._metrics.queue_wait.observe(time.perf_counter() - started)
            if permit is None:
                self._forget(waiter)
        return permit

    def dispatch(self) -> None:
        """Hands free places to waiters, one owner after the other; tells the rest where they stand."""
        self._turn_away()
        while self._serve_one():
            pass
        for position, waiter in enumerate(self._waiting, start=1):
            if waiter.position != position:
                waiter.position = position
                waiter.inbox.put_nowait(position)

    def _serve_one(self) -> bool:
        """Whether somebody got a place: the first, round by round over the owners, for whom there is one."""
        if not any(upstream.has_room for upstream in self.upstreams):
            return False
        granted: list[Permit] = []

        def grant(waiter: Waiter) -> bool:
            if permit := self._grant(waiter.affinity, waiter.exclude):
                granted.append(permit)
            return bool(granted)

        waiter = self._waiting.serve(grant)
        if waiter is None:
            return False
        self._metrics.queue_depth.dec()
        waiter.inbox.put_nowait(granted[0])
        return True

    def _turn_away(self) -> None:
        """Nobody waits for engines that are all down or behind an open circuit."""
        for waiter in list(self._waiting):
            if not any(upstream.hopeful for upstream in self._allowed(waiter.exclude)):
                self._leave(waiter)
                waiter.inbox.put_nowait(self._unavailable(waiter.exclude))

    def _allowed(self, exclude: frozenset[str]) -> list[Upstream]:
        return [upstream for upstream in self.upstreams if upstream.name not in exclude]

    def _grant(self, affinity: str, exclude: frozenset[str]) -> Permit | None:
        free = [
            upstream for upstream in self._allowed(exclude) if upstream.usable and upstream.has_room
        ]
        if not free:
            return None
        chosen = free[0] if len(free) == 1 else _chosen(free, affinity)
        chosen.take()
        return Permit(chosen)

    def _freed(self) -> None:
        if self.depth:
            self.dispatch()

    def _join(self, waiter: Waiter) -> None:
        self._waiting.join(waiter.owner, waiter)
        self._metrics.queue_depth.inc()
        self.dispatch()

    def _leave(self, waiter: Waiter) -> None:
        if self._waiting.leave(waiter.owner, waiter):
            self._metrics.queue_depth.dec()

    def _forget(self, waiter: Waiter) -> None:
        """Whoever leaves gives back his turn, and the place that he was just handed."""
        self._leave(waiter)
        while not waiter.inbox.empty():
            if isinstance(news := waiter.inbox.get_nowait(), Permit):
                news.release()
        self.dispatch()

    def _full(self, message: str) -> QueueFull:
        return QueueFull(
            message,
            retry_after=FULL_RETRY_SECONDS,
            details={"limit": self._max_queued, "size": self.depth},
        )

    def _unavailable(self, exclude: frozenset[str]) -> UpstreamUnavailable:
        waits = [
            upstream.breaker.retry_after()
            for upstream in self.upstreams
            if upstream.name not in exclude
        ]
        wait = max(1, round(min([wait for wait in waits if wait > 0], default=DOWN_RETRY_SECONDS)))
        return UpstreamUnavailable(
            f"No engine answers at the moment; try again in {wait} s.", retry_after=wait
        )


def _chosen(free: list[Upstream], affinity: str) -> Upstream:
    """The engine that this conversation prefers, unless it is much busier than the idlest."""
    favourite = max(free, key=lambda upstream: _rendezvous(affinity, upstream.name))
    idlest = min(free, key=lambda upstream: upstream.inflight)
    slack = max(1, int(favourite.max_concurrent * AFFINITY_SHARE))
    return favourite if favourite.inflight <= idlest.inflight + slack else idlest


def _rendezvous(affinity: str, name: str) -> bytes:
    """Highest-random-weight hashing (Thaler and Ravishankar, 1998): an engine that leaves moves only its own share."""
    return hashlib.blake2b(f"{affinity}\0{name}".encode(), digest_size=8).digest()
