"""How often somebody may ask: a moving window, by owner, shared through Redis where there is one."""

import asyncio
import ipaddress
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import cache
from typing import Any

from limits import RateLimitItem, parse

from gateway.errors import RateLimitExceeded
from gateway.observability.metrics import Metrics
from gateway.server.request_context import RequestContext
from gateway.throttling.memory_windows import MAX_KEYS, MemoryWindows, Window
from gateway.throttling.redis_windows import RedisWindows

log = logging.getLogger("sightdesk.limits")
# What a Redis that is gone or stalled may cost one request: 16 turns of 5 ms in which it answers nobody. They are counted in
# turns because a loop that is busy elsewhere meets a deadline before the reply that already lies in its socket.
SILENT_TURNS = 16
MOST_TURNS = 100  # for one request that gets no reply while others do
TURN_SECONDS = 0.005
SHARED_PAUSE = 2.0  # after which it is tried again, by one request
CONNECTIONS = 8  # opened at the start
SLOW_SECONDS = (
    0.25  # without a single reply, until a Redis that still takes connections counts as stalled
)
ADDRESS = "address:"


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit such as 20/minute; `scope` (ip, user, key, api) names it in metrics and errors."""

    scope: str
    item: RateLimitItem
    name: str  # scope and limit: one caller's windows under two limits are two
    seconds: int

    @classmethod
    @cache
    def of(cls, scope: str, text: str) -> "Rate":
        item = parse(text)
        return cls(scope, item, f"{scope}/{item}", item.get_expiry())


class RateLimiter:
    """Counts in the shared storage; while that is gone or slow, in this process's own memory."""

    def __init__(self, storage_url: str, metrics: Metrics) -> None:
        self._local = MemoryWindows()
        self._shared = (
            None if storage_url.startswith("memory") else RedisWindows(storage_url, SHARED_PAUSE)
        )
        self._full = FullWindows()
        self._slow_since: float | None = None
        self._replies = 0
        self._out_until: float | None = None
        self._metrics = metrics
        metrics.rate_storage_up.set(1)

    async def connect(self) -> None:
        """Opens connections before the first burst of requests has to wait for them; a Redis that is gone is no hindrance."""
        if self._shared is not None:
            probe = Rate.of("start", "1/second")
            await asyncio.gather(
                *(self._in_time(_hit(self._shared, probe, str(n))) for n in range(CONNECTIONS))
            )

    def close(self) -> None:
        if self._shared is not None:
            self._shared.close()

    async def check(self, rate: Rate, owner: str, context: RequestContext | None = None) -> None:
        """Counts one request. Raises RateLimitExceeded; writes the x-ratelimit headers into the context."""
        window = await self._hit(rate, charged(owner))
        if context is not None:
            context.headers += headers(rate.item.amount, window)
            context.charged = window.allowed
        if not window.allowed:
            self._metrics.rate_limited.labels(rate.scope).inc()
            raise exceeded(rate, window.reset)

    async def _hit(self, rate: Rate, owner: str) -> Window:
        if self._shared is None:
            return self._hit_here(rate, owner)
        full = self._full.until(rate, owner)
        if full is not None:
            return full
        window = (
            await self._in_time(_hit(self._shared, rate, owner)) if self._shared_is_due() else None
        )
        if window is None:
            return self._hit_here(rate, owner)
        if not window.allowed:
            self._full.remember(rate, owner, window)
        return window

    def _hit_here(self, rate: Rate, owner: str) -> Window:
        return self._local.hit(f"{rate.name}/{owner}", rate.item.amount, rate.seconds)

    def _shared_is_due(self) -> bool:
        """During an outage one request tries again after each pause; the others do not wait for it."""
        if self._out_until is None:
            return True
        if time.monotonic() < self._out_until:
            return False
        self._out_until = time.monotonic() + SHARED_PAUSE
        return True

    async def _in_time(self, hit: Coroutine[Any, Any, Window]) -> Window | None:
        """What the shared storage says in time, else None. A late reply is left to come: a connection that is dropped in the
        middle has to be made again."""
        task = asyncio.ensure_future(hit)
        task.add_done_callback(_seen)
        try:
            silent, replies = 0, self._replies
            for _ in range(MOST_TURNS):
                await asyncio.wait((task,), timeout=TURN_SECONDS)
                silent, replies = (
                    (silent + 1, replies) if replies == self._replies else (0, self._replies)
                )
                if task.done() or silent == SILENT_TURNS:
                    break
            failure = task.exception() if task.done() else TimeoutError()
        except asyncio.CancelledError:
            task.cancel()
            raise
        if failure is None:
            self._answered()
            return task.result()
        self._failed(failure)
        return None

    def _answered(self) -> None:
        self._slow_since = None
        self._replies += 1
        if self._out_until is not None:
            self._out_until = None
            self._metrics.rate_storage_up.set(1)
            log.warning("rate_storage_back")

    def _failed(self, failure: BaseException) -> None:
        self._metrics.rate_storage_errors.inc()
        now = time.monotonic()
        if self._slow_since is None:
            self._slow_since = now
        if (
            isinstance(failure, TimeoutError)
            and self._out_until is None
            and now - self._slow_since < SLOW_SECONDS
        ):
            return
        if self._out_until is None:
            self._metrics.rate_storage_up.set(0)
            log.warning(
                "rate_storage_unavailable",
                extra={"reason": type(failure).__name__, "limits": "local"},
            )
        self._out_until = now + SHARED_PAUSE


class FullWindows:
    """Who is over the shared limit, and until when: a moving window lets nobody in before its oldest request has left it.
    So whoever hammers costs Redis nothing, and wins nothing where Redis is late."""

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[Rate, str], float] = OrderedDict()

    def until(self, rate: Rate, owner: str) -> Window | None:
        full = self._until.get((rate, owner))
        if full is None:
            return None
        left = full - time.monotonic()
        if left > 0:
            return Window(False, 0, left)
        del self._until[rate, owner]
        return None

    def remember(self, rate: Rate, owner: str, window: Window) -> None:
        self._until[rate, owner] = time.monotonic() + window.reset
        if len(self._until) > MAX_KEYS:
            self._until.popitem(last=False)


async def _hit(shared: RedisWindows, rate: Rate, owner: str) -> Window:
    return await shared.hit(f"{rate.name}/{owner}", rate.item.amount, rate.seconds)


def charged(owner: str) -> str:
    """Who is counted: an IPv6 address stands for its /64, which is the least that anybody is given."""
    if not owner.startswith(ADDRESS) or ":" not in owner.removeprefix(ADDRESS):
        return owner
    return ADDRESS + str(ipaddress.ip_network(f"{owner.removeprefix(ADDRESS)}/64", strict=False))


def headers(limit: int, window: Window) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-ratelimit-limit-requests", b"%d" % limit),
        (b"x-ratelimit-remaining-requests", b"%d" % window.remaining),
        (b"x-ratelimit-reset-requests", b"%ds" % math.ceil(window.reset)),
    ]


def exceeded(rate: Rate, reset: float) -> RateLimitExceeded:
    wait = max(1, math.ceil(reset))
    return RateLimitExceeded(
        f"Too many requests: the limit is {rate.item}. Try again in {wait} s.",
        retry_after=wait,
        details={
            "limit": rate.item.amount,
            "remaining": 0,
            "seconds": rate.seconds,
            "scope": rate.scope,
        },
    )


def _seen(task: "asyncio.Task[Window]") -> None:
    """A reply that comes after its time, or a failure then, is nobody's any more."""
    if not task.cancelled():
        task.exception()
