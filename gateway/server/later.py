"""Awaitables that may be dropped."""

from collections.abc import Callable, Coroutine, Generator
from typing import Any


class Later:
    """An awaitable whose coroutine begins when it is awaited.

    Who waits for a slow client may be cancelled first. A coroutine that nobody awaits is reported
    as a fault; this leaves nothing behind.
    """

    __slots__ = ("_args", "_begin")

    def __init__(self, begin: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        self._begin = begin
        self._args = args

    def __await__(self) -> Generator[Any, Any, None]:
        return self._begin(*self._args).__await__()
