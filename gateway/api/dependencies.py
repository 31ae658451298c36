"""What the routes have in common: the caller, and the one rate limit of all short routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Depends, Request, params

from gateway.errors import StaffOnly
from gateway.server.request_context import Caller, caller_of

Handler = TypeVar("Handler", bound=Callable[..., Any])
CurrentCaller = Annotated[Caller, Depends(caller_of)]


async def staff_of(request: Request) -> str:
    """The name of the staff member who calls. Raises StaffOnly."""
    caller = await caller_of(request)
    if not caller.staff:
        raise StaffOnly("This route is for staff: STAFF_USERS, or a key with the role staff.")
    return caller.staff


StaffName = Annotated[str, Depends(staff_of)]


class LimitDecorator(Protocol):
    def __call__(self, handler: Handler) -> Handler: ...


@dataclass(frozen=True, slots=True)
class RouteLimits:
    """RATE_LIMIT_API, which all short routes share.

    `limit` decorates plain functions, which run in threads. Coroutines call `charge` themselves, or
    their route depends on `charged`. All raise RateLimitExceeded.
    """

    limit: LimitDecorator
    charge: Callable[[Request], Awaitable[None]]

    @property
    def charged(self) -> params.Depends:
        """Counts each request of a route, before its handler runs."""
        return params.Depends(self.charge)
