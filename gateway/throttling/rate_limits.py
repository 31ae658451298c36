"""Rate limits: a sliding window for each caller, shared through Redis where there is one."""

import math

from gateway.errors import RateLimitExceeded
from gateway.observability import tracing
from gateway.observability.metrics import Metrics
from gateway.server.request_context import RequestContext
from gateway.server.response_headers import Headers
from gateway.throttling.caller_keys import limit_key
from gateway.throttling.memory_windows import MemoryWindows, Window
from gateway.throttling.rates import Rate
from gateway.throttling.redis_windows import RedisWindows
from gateway.throttling.shared_windows import RETRY_SECONDS, SharedWindows


class RateLimiter:
    """Counts in Redis; while Redis is gone or slow, in this process's memory."""

    def __init__(self, storage_url: str, metrics: Metrics) -> None:
        """`storage_url`: RATE_LIMIT_STORAGE, "memory://" for no Redis."""
        self._local = MemoryWindows()
        self._shared = (
            None
            if storage_url.startswith("memory")
            else SharedWindows(RedisWindows(storage_url, RETRY_SECONDS), metrics)
        )
        self._metrics = metrics
        metrics.rate_storage_up.set(1)

    async def connect(self) -> None:
        """Opens connections to Redis before the first burst of requests. Never raises for a Redis
        that does not answer."""
        if self._shared is not None:
            await self._shared.connect()

    def close(self) -> None:
        if self._shared is not None:
            self._shared.close()

    async def check(self, rate: Rate, owner: str, context: RequestContext | None = None) -> None:
        """Counts one request; adds the x-ratelimit headers to the context's response. Raises
        RateLimitExceeded."""
        with tracing.span("limit"):
            window = await self._hit(rate, limit_key(owner))
        if context is not None:
            context.response.add_rate_limit(
                headers(rate.item.amount, window), allowed=window.allowed
            )
        if not window.allowed:
            self._metrics.rate_limited.labels(rate.scope).inc()
            raise exceeded(rate, window.reset)
        caller = context.caller if context is not None else None
        if caller is not None and caller.new_visitor is not None:
            # The address was charged. It is the first request of the new visitor, too.
            await self._hit(rate, caller.owner)

    async def _hit(self, rate: Rate, key: str) -> Window:
        window = await self._shared.hit(rate, key) if self._shared is not None else None
        if window is not None:
            return window
        return self._local.hit(f"{rate.name}/{key}", rate.item.amount, rate.seconds)


def headers(limit: int, window: Window) -> Headers:
    """The x-ratelimit headers, as OpenAI names them."""
    return [
        (b"x-ratelimit-limit-requests", b"%d" % limit),
        (b"x-ratelimit-remaining-requests", b"%d" % window.remaining),
        (b"x-ratelimit-reset-requests", b"%ds" % math.ceil(window.reset)),
    ]


def exceeded(rate: Rate, reset: float) -> RateLimitExceeded:
    """`reset`: seconds until one more request is allowed."""
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
