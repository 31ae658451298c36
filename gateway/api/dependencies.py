"""What the routes have in common: the caller, and the one rate limit of all short routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Depends, Request

from gateway.server.request_context import Caller, caller_of

Handler = TypeVar("Handler", bound=Callable[..., Any])
CurrentCaller = Annotated[Caller, Depends(caller_of)]


class LimitDecorator(Protocol):
    def __call__(self, handler: Handler) -> Handler: ...


@dataclass(frozen=True, slots=True)
class RouteLimits:
    """RATE_LIMIT_API, which all short routes share.

    `limit` decorates plain functions, which run in threads. Coroutines call `charge` themselves.
    Both raise RateLimitExceeded.
    """

    limit: LimitDecorator
    charge: Callable[[Request], Awaitable[None]]
