"""Sliding windows in Redis, with a bound on what a slow or absent Redis may cost a request."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Coroutine
from typing import Any

import structlog

from gateway.observability.metrics import Metrics
from gateway.throttling.memory_windows import MAX_KEYS, Window
from gateway.throttling.rates import Rate
from gateway.throttling.redis_windows import RedisWindows

log = structlog.get_logger()
# A request waits for Redis in turns of 5 ms: at most 16 turns in which Redis answers nobody, at
# most 100 in all. We count turns, since a busy event loop reaches a deadline before it reads the
# reply that already lies in its socket.
TURN_SECONDS = 0.005
SILENT_TURNS = 16
MAX_TURNS = 100
RETRY_SECONDS = 2.0  # after a failure one request tries again after so long
# A Redis that takes connections counts as gone after so long without a single reply.
SLOW_SECONDS = 0.25
CONNECTIONS = 8  # opened at the start


class SharedWindows:
    def __init__(self, windows: RedisWindows, metrics: Metrics) -> None:
        self._windows = windows
        self._metrics = metrics
        self._blocked = BlockedCallers()
        self._replies = 0
        self._slow_since: float | None = None
        self._retry_at: float | None = None  # set while Redis counts as gone

    async def connect(self) -> None:
        probe = Rate.of("start", "1/second")
        await asyncio.gather(
            *(self._in_time(self._count(probe, str(number))) for number in range(CONNECTIONS))
        )

    def close(self) -> None:
        self._windows.close()

    async def hit(self, rate: Rate, key: str) -> Window | None:
        """Counts one request. None where Redis did not answer in time."""
        blocked = self._blocked.window(rate, key)
        if blocked is not None:
            return blocked
        window = await self._in_time(self._count(rate, key)) if self._may_ask() else None
        if window is not None and not window.allowed:
            self._blocked.add(rate, key, window.reset)
        return window

    async def _count(self, rate: Rate, key: str) -> Window:
        return await self._windows.hit(f"{rate.name}/{key}", rate.item.amount, rate.seconds)

    def _may_ask(self) -> bool:
        """During an outage one request tries again every RETRY_SECONDS; the others do not wait."""
        if self._retry_at is None:
            return True
        if time.monotonic() < self._retry_at:
            return False
        self._retry_at = time.monotonic() + RETRY_SECONDS
        return True

    async def _in_time(self, count: Coroutine[Any, Any, Window]) -> Window | None:
        """The result of `count`, or None if Redis is too slow. A late reply is still read:
        otherwise its connection would have to be opened again."""
        task = asyncio.ensure_future(count)
        task.add_done_callback(_consume)
        try:
            silent_turns, replies = 0, self._replies
            for _ in range(MAX_TURNS):
                await asyncio.wait((task,), timeout=TURN_SECONDS)
                silent_turns = silent_turns + 1 if replies == self._replies else 0
                replies = self._replies
                if task.done() or silent_turns == SILENT_TURNS:
                    break
            failure = task.exception() if task.done() else TimeoutError()
        except asyncio.CancelledError:
            task.cancel()
            raise
        if failure is not None:
            self._failed(failure)
            return None
        self._answered()
        return task.result()

    def _answered(self) -> None:
        self._slow_since = None
        self._replies += 1
        if self._retry_at is not None:
            self._retry_at = None
            self._metrics.rate_storage_up.set(1)
            log.warning("rate_storage_back")

    def _failed(self, failure: BaseException) -> None:
        self._metrics.rate_storage_errors.inc()
        now = time.monotonic()
        if self._slow_since is None:
            self._slow_since = now
        if self._retry_at is None:
            if isinstance(failure, TimeoutError) and now - self._slow_since < SLOW_SECONDS:
                return
            self._metrics.rate_storage_up.set(0)
            log.warning(
                "rate_storage_unavailable",
                reason=type(failure).__name__,
                limits="local",
            )
        self._retry_at = now + RETRY_SECONDS


class BlockedCallers:
    """After Redis refuses a caller, we refuse locally until its window frees up: a sliding window
    lets nobody in before its oldest request has left. So a caller that hammers costs Redis nothing,
    and gains nothing where Redis is late."""

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[Rate, str], float] = OrderedDict()

    def window(self, rate: Rate, key: str) -> Window | None:
        """The full window of a blocked caller, else None."""
        until = self._until.get((rate, key))
        if until is None:
            return None
        left = until - time.monotonic()
        if left > 0:
            return Window(False, 0, left)
        del self._until[rate, key]
        return None

    def add(self, rate: Rate, key: str, seconds: float) -> None:
        self._until[rate, key] = time.monotonic() + seconds
        if len(self._until) > MAX_KEYS:
            self._until.popitem(last=False)


def _consume(task: "asyncio.Task[Window]") -> None:
    """Reads the failure of a late reply, so that asyncio does not report it as never retrieved."""
    if not task.cancelled():
        task.exception()
