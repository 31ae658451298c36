"""slowapi on the short routes: one limit, RATE_LIMIT_API, shared by all of them, by owner.

The decorated handlers are plain functions: Starlette runs those in a thread, so slowapi's synchronous storage never holds the
event loop up. The chat route has its own limiter (`rates.py`).
"""

import time

from slowapi import Limiter
from slowapi.errors import RateLimitExceeded as SlowAPIRateLimitExceeded
from starlette.requests import Request

from gateway.context import context_of
from gateway.errors import RateLimitExceeded
from gateway.limits.rates import Rate, exceeded, headers
from gateway.settings import Settings

REDIS_OPTIONS = {"socket_timeout": "0.1", "socket_connect_timeout": "0.1"}


def owner_key(request: Request) -> str:
    context = context_of(request)
    return context.caller.owner if context.caller else f"address:{context.address}"


def short_limiter(settings: Settings) -> Limiter:
    shared = not settings.rate_limit_storage.startswith("memory")
    return Limiter(
        key_func=owner_key,
        strategy="moving-window",
        storage_uri=settings.rate_limit_storage,
        storage_options=REDIS_OPTIONS if shared else {},
        in_memory_fallback=[settings.rate_limit_api] if shared else [],
        in_memory_fallback_enabled=shared,
        key_style="endpoint",
    )


def window_headers(limiter: Limiter, request: Request) -> list[tuple[bytes, bytes]]:
    """The x-ratelimit headers of the limit that slowapi counted for this request."""
    counted = getattr(request.state, "view_rate_limit", None)
    if counted is None:
        return []
    reset_at, remaining = limiter.limiter.get_window_stats(counted[0], *counted[1])
    return headers(counted[0].amount, remaining, max(0.0, reset_at - time.time()))


def translated(limiter: Limiter, request: Request, error: SlowAPIRateLimitExceeded) -> RateLimitExceeded:
    item, keys = request.state.view_rate_limit
    reset_at, _ = limiter.limiter.get_window_stats(item, *keys)
    return exceeded(Rate("api", error.limit.limit), reset_at - time.time())
