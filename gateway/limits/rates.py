"""How often somebody may ask: a moving window, by owner, shared through Redis where there is one."""

import asyncio
import logging
import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.storage import storage_from_string

from gateway.context import RequestContext
from gateway.errors import RateLimitExceeded
from gateway.metrics import Metrics

log = logging.getLogger("sightdesk.limits")
SHARED_STORAGE_SECONDS = 0.1  # what a stalled Redis may cost one request
SHARED_STORAGE_PAUSE = 2.0  # after which it is tried again


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit such as 20/minute; `scope` (ip, user, key, api) names it in metrics and errors."""

    scope: str
    item: RateLimitItem

    @classmethod
    def of(cls, scope: str, text: str) -> "Rate":
        return cls(scope, parse(text))


class RateLimiter:
    """Counts in the shared storage; while that is gone or slow, in this process's own memory."""

    def __init__(self, storage_url: str, metrics: Metrics) -> None:
        self._local = MovingWindowRateLimiter(MemoryStorage())
        self._shared = self._shared_limiter(storage_url)
        self._shared_again_at = 0.0
        self._metrics = metrics

    @staticmethod
    def _shared_limiter(url: str) -> MovingWindowRateLimiter | None:
        if url.startswith("memory"):
            return None
        storage = storage_from_string(f"async+{url}", implementation="redispy")
        assert isinstance(storage, Storage)
        return MovingWindowRateLimiter(storage)

    async def check(self, rate: Rate, owner: str, context: RequestContext | None = None) -> None:
        """Counts one request. Raises RateLimitExceeded; writes the x-ratelimit headers into the context."""
        allowed, remaining, reset = await self._hit(rate, owner)
        if context is not None:
            context.headers += headers(rate.item.amount, remaining, reset)
        if not allowed:
            self._metrics.rate_limited.labels(rate.scope).inc()
            raise exceeded(rate, reset)

    async def _hit(self, rate: Rate, owner: str) -> tuple[bool, int, float]:
        """(allowed, requests remaining, seconds until one more is allowed)."""
        if self._shared is not None and time.monotonic() >= self._shared_again_at:
            try:
                async with asyncio.timeout(SHARED_STORAGE_SECONDS):
                    return await self._hit_in(self._shared, rate, owner)
            except Exception as error:  # noqa: BLE001 - any client library's failure means the same: count here
                self._shared_again_at = time.monotonic() + SHARED_STORAGE_PAUSE
                self._metrics.rate_storage_errors.inc()
                log.warning("rate_storage_unavailable", extra={"reason": type(error).__name__})
        return await self._hit_in(self._local, rate, owner)

    async def _hit_in(self, limiter: MovingWindowRateLimiter, rate: Rate, owner: str) -> tuple[bool, int, float]:
        allowed = await limiter.hit(rate.item, rate.scope, owner)
        stats = await limiter.get_window_stats(rate.item, rate.scope, owner)
        return allowed, stats.remaining, max(0.0, stats.reset_time - time.time())


def headers(limit: int, remaining: int, reset: float) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-ratelimit-limit-requests", b"%d" % limit),
        (b"x-ratelimit-remaining-requests", b"%d" % remaining),
        (b"x-ratelimit-reset-requests", b"%ds" % math.ceil(reset)),
    ]


def exceeded(rate: Rate, reset: float) -> RateLimitExceeded:
    wait = max(1, math.ceil(reset))
    return RateLimitExceeded(f"Too many requests: the limit is {rate.item}. Try again in {wait} s.", retry_after=wait)
