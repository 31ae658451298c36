"""The time that one request may take, not counting the reading of its pictures."""

import asyncio
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from inference.lite.errors import LiteError

SECONDS = 5.0  # the default of LITE_SECONDS

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Budget:
    """A deadline that long work checks between its steps of at most 50 ms."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds
        self._cancelled = False

    def cancel(self) -> None:
        """Makes the next check fail, because the client disconnected."""
        self._cancelled = True

    def check(self) -> None:
        """Raises LiteError if the time is up or the client disconnected."""
        if self._cancelled:
            raise LiteError("The client left.", 499)
        if time.monotonic() > self._ends:
            raise LiteError(
                f"This request needs more than {self.seconds:g} s, the limit of this engine. "
                "Send less text, fewer tools or simpler patterns.",
                details={"limit_seconds": self.seconds},
            )


async def in_thread(
    budget: Budget,
    work: Callable[Arguments, Result],
    *arguments: Arguments.args,
    **named: Arguments.kwargs,
) -> Result:
    """The result of `work`, run in a thread. Cancelling this call cancels the budget too."""
    try:
        return await asyncio.to_thread(work, *arguments, **named)
    except asyncio.CancelledError:
        budget.cancel()
        raise
