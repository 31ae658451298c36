"""The limit on the short routes: RATE_LIMIT_API, one window an owner for all of them.

slowapi's decorator names the routes and their limit. The count is made by the one limiter
(`rate_limits.py`), because slowapi's storage is synchronous and would need a second Redis client
(docs/decisions/002-one-limiter.md).
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
    """The owner that a short route charges."""
    return context_of(request.scope).limit_owner


class ShortLimits:
    """Limits for handlers: `shared_limit` decorates a plain function, `charge` serves a coroutine.

    Both raise RateLimitExceeded and write the x-ratelimit headers into the request's context.
    """

    def __init__(self, counter: RateLimiter, rate: Rate) -> None:
        self._counter = counter
        self._rate = rate
        self._limiter = Limiter(key_func=owner_key)

    def shared_limit(self, limit: str, scope: str) -> Callable[..., Any]:
        """slowapi's decorator for plain functions, which Starlette runs in threads.

        `exempt_when` is where slowapi asks about a request: it is counted there, in the one
        limiter, and is then exempt from slowapi's own storage.
        """
        decorator: Callable[..., Any] = self._limiter.shared_limit(
            limit, scope=scope, exempt_when=self._counted
        )
        return decorator

    async def charge(self, request: Request) -> None:
        """Counts one request of the owner."""
        await self._counter.check(self._rate, owner_key(request), context_of(request.scope))

    def _counted(self, request: Request) -> bool:
        # slowapi asks once for each decorated handler of the same module and name.
        if not context_of(request.scope).response.is_charged:
            from_thread(self.charge, request)
        return True
