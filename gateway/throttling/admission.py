"""Admission: at most MAX_CONCURRENT requests inside each engine, and a queue fair by owner."""

import asyncio
import math
import time
from dataclasses import dataclass, field

from gateway.errors import QueueFull, UpstreamUnavailable
from gateway.observability.metrics import Metrics
from gateway.throttling.affinity import Favourites, is_idle, preferred
from gateway.throttling.fair_queue import OnPosition
from gateway.throttling.round_robin import RoundRobin
from gateway.upstream.upstream import Upstream

DOWN_RETRY_SECONDS = 5
FULL_RETRY_SECONDS = 5
MEAN_PART = 0.01  # that a new request has in the average of tokens


@dataclass(slots=True, eq=False)
class Permit:
    """The right to send one request to `upstream`; release it in a `finally`. A request that was
    aborted keeps its slot until the engine has ended it (upstream/connection.py)."""

    upstream: Upstream
    tokens: int = 0
    _released: bool = False

    def release(self) -> None:
        """The second call does nothing."""
        if not self._released:
            self._released = True
            self.upstream.give_back(self.tokens)


@dataclass(slots=True, eq=False)
class Waiter:
    owner: str
    affinity: str
    exclude: frozenset[str]
    tokens: int = 0
    position: int = 0  # as last reported
    since: float = field(default_factory=time.monotonic)
    # Positions as they change; at last the permit, or an error if no engine is left.
    inbox: "asyncio.Queue[int | Permit | UpstreamUnavailable]" = field(
        default_factory=asyncio.Queue
    )


class Admission:
    def __init__(
        self, upstreams: list[Upstream], max_queued: int, queue_timeout: float, metrics: Metrics
    ) -> None:
        """At most `max_queued` requests wait for each engine, `queue_timeout` seconds each."""
        self.upstreams = upstreams
        self.elsewhere = 0  # requests that wait at other gateways (engine_shares.py)
        self._max_queued_each = max_queued
        self._queue_timeout = queue_timeout
        self._metrics = metrics
        self._waiting: RoundRobin[Waiter] = RoundRobin()
        self._favourites = Favourites()
        self._mean_square = 0.0  # of the requests' tokens
        for upstream in upstreams:
            upstream.freed = self._slot_freed

    def joined(self, upstream: Upstream) -> None:
        """An engine has come to `upstreams`."""
        upstream.freed = self._slot_freed
        self._favourites.forget()
        self.dispatch()

    @property
    def max_queued(self) -> int:
        """Over all engines and gateways."""
        return self._max_queued_each * len(self.upstreams)

    @property
    def depth(self) -> int:
        """Requests that wait."""
        return len(self._waiting)

    def waiting(self) -> tuple[int, int, float]:
        """Requests that wait, how many owners they have, and seconds that the first has waited."""
        first = min((waiter.since for waiter in self._waiting), default=None)
        waited = 0.0 if first is None else time.monotonic() - first
        return len(self._waiting), self._waiting.owners, waited

    @property
    def usual_tokens(self) -> float:
        """Tokens of a request: the root of their mean square, by which loads differ by chance."""
        return math.sqrt(self._mean_square)

    @property
    def counts_tokens(self) -> bool:
        """Whether engines are chosen by tokens: they tell theirs."""
        return any(upstream.others_tokens is not None for upstream in self.upstreams)

    async def admit(
        self,
        owner: str,
        affinity: str,
        exclude: frozenset[str] = frozenset(),
        on_position: OnPosition | None = None,
        tokens: int = 0,
    ) -> Permit:
        """A permit for the best engine whose name is not in `exclude`. `tokens` of the prompt and
        its pictures, where `counts_tokens`.

        Raises UpstreamUnavailable where no engine answers, QueueFull where the queue is full or
        QUEUE_TIMEOUT is over.
        """
        if tokens:
            part = MEAN_PART if self._mean_square else 1.0
            self._mean_square += (tokens**2 - self._mean_square) * part
        if not self.depth and (permit := self._grant(affinity, exclude, tokens)):
            self._metrics.queue_wait.observe(0)
            return permit
        if not any(upstream.hopeful for upstream in self._allowed(exclude)):
            raise self._unavailable(exclude)
        if self.depth + self.elsewhere >= self.max_queued:
            raise self._full(
                "full",
                f"All engines are busy and {self.depth + self.elsewhere} requests wait; "
                f"at most {self.max_queued} may.",
            )
        return await self._wait(Waiter(owner, affinity, exclude, tokens), on_position)

    async def _wait(self, waiter: Waiter, on_position: OnPosition | None) -> Permit:
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
                    elif on_position is not None:
                        await on_position(news)
        except TimeoutError:
            message = f"No engine was free for {self._queue_timeout:g} s."
            raise self._full("timeout", message) from None
        finally:
            self._metrics.queue_wait.observe(time.perf_counter() - started)
            if permit is None:
                self._cancel(waiter)
        return permit

    def dispatch(self) -> None:
        """Grants permits to waiters, one owner after the other; tells the rest their positions."""
        self._reject_hopeless()
        while self._serve_one():
            pass
        for position, waiter in enumerate(self._waiting, start=1):
            if waiter.position != position:
                waiter.position = position
                waiter.inbox.put_nowait(position)

    def _serve_one(self) -> bool:
        """Whether a waiter got a permit: the first in the rounds for whom there is an engine."""
        if not any(upstream.has_room for upstream in self.upstreams):
            return False
        granted: list[Permit] = []

        def grant(waiter: Waiter) -> bool:
            if permit := self._grant(waiter.affinity, waiter.exclude, waiter.tokens):
                granted.append(permit)
            return bool(granted)

        waiter = self._waiting.serve(grant)
        if waiter is None:
            return False
        self._metrics.queue_depth.dec()
        waiter.inbox.put_nowait(granted[0])
        return True

    def _reject_hopeless(self) -> None:
        """Nobody waits for engines that are all down or behind an open circuit."""
        for waiter in list(self._waiting):
            if not any(upstream.hopeful for upstream in self._allowed(waiter.exclude)):
                self._leave(waiter)
                waiter.inbox.put_nowait(self._unavailable(waiter.exclude))

    def _allowed(self, exclude: frozenset[str]) -> list[Upstream]:
        return [upstream for upstream in self.upstreams if upstream.name not in exclude]

    def _grant(self, affinity: str, exclude: frozenset[str], tokens: int) -> Permit | None:
        chosen = self._chosen(affinity, exclude)
        if chosen is None:
            return None
        chosen.take(tokens)
        return Permit(chosen, tokens)

    def _chosen(self, affinity: str, exclude: frozenset[str]) -> Upstream | None:
        if not self.upstreams:
            return None
        favourite = self._favourites.of(affinity, self.upstreams)
        # Of many engines only the favourite is looked at while it has so little to do.
        if (
            is_idle(favourite, self.usual_tokens)
            and _takes(favourite)
            and favourite.name not in exclude
        ):
            return favourite
        free = [upstream for upstream in self._allowed(exclude) if _takes(upstream)]
        return preferred(free, affinity, favourite, self.usual_tokens) if free else None

    def _slot_freed(self) -> None:
        if self.depth:
            self.dispatch()

    def _join(self, waiter: Waiter) -> None:
        self._waiting.join(waiter.owner, waiter)
        self._metrics.queue_depth.inc()
        self.dispatch()

    def _leave(self, waiter: Waiter) -> None:
        if self._waiting.leave(waiter.owner, waiter):
            self._metrics.queue_depth.dec()

    def _cancel(self, waiter: Waiter) -> None:
        """Takes the waiter out of the queue and returns a permit that it was just given."""
        self._leave(waiter)
        while not waiter.inbox.empty():
            if isinstance(news := waiter.inbox.get_nowait(), Permit):
                news.release()
        self.dispatch()

    def _full(self, reason: str, message: str) -> QueueFull:
        self._metrics.queue_refused.labels(reason).inc()
        return QueueFull(
            message,
            retry_after=FULL_RETRY_SECONDS,
            details={"limit": self.max_queued, "size": self.depth + self.elsewhere},
        )

    def _unavailable(self, exclude: frozenset[str]) -> UpstreamUnavailable:
        waits = [upstream.breaker.retry_after() for upstream in self._allowed(exclude)]
        wait = max(1, round(min([wait for wait in waits if wait > 0], default=DOWN_RETRY_SECONDS)))
        return UpstreamUnavailable(
            f"No engine answers at the moment; try again in {wait} s.", retry_after=wait
        )


def _takes(upstream: Upstream) -> bool:
    return upstream.usable and upstream.has_room
