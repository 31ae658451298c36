"""slowapi's decorators on the short routes: one limit, RATE_LIMIT_API, shared by all of them, by owner.

slowapi names the routes and their limit; it counts where the chat route counts, in the one limiter (`rates.py`). Its own
storage is synchronous, would need a second Redis client, and falls back to other counters than ours
(docs/decisions/002-one-limiter.md). The decorated handlers are plain functions, which Starlette runs in threads; each hops to the event
loop for its count.
"""

from collections.abc import Callable
from typing import Any

from anyio.from_thread import run as from_thread
from slowapi import Limiter
from starlette.requests import Request

from gateway.server.request_context import context_of
from gateway.throttling.rate_limits import RateLimiter
from gateway.throttling.rates import Rate


def owner_key(request: Request) -> str:
    """Whom a short route charges."""
    return context_of(request.scope).limit_owner


class ShortLimits(Limiter):  # type: ignore[misc]
    """`shared_limit` decorates; what it decorates is counted by `counter` and told in the x-ratelimit headers."""

    def __init__(self, counter: RateLimiter, rate: Rate) -> None:
        super().__init__(key_func=owner_key)
        self._counter = counter
        self._rate = rate

    async def charge(self, request: Request) -> None:
        """Raises RateLimitExceeded."""
        await self._counter.check(self._rate, owner_key(request), context_of(request.scope))

    def _check_request_limit(
        self, request: Request, endpoint_func: Callable[..., Any] | None, in_middleware: bool = True
    ) -> None:
        from_thread(self.charge, request)
        request.state.view_rate_limit = None  # slowapi writes no headers of its own
