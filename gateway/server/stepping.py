"""Coroutines that are begun by hand: most run through in their first step, and need neither a task nor a timer."""

import types
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

Result = TypeVar("Result")


@types.coroutine
def finished(step: Coroutine[Any, Any, Result], waiting: Any) -> Generator[Any, Any, Result]:
    """Goes on with a coroutine that was begun by hand and now waits: a task may await this in its place."""
    try:
        while True:
            try:
                sent = yield waiting
            except BaseException as error:  # noqa: BLE001 - a cancellation belongs to the coroutine, as in `yield from`
                waiting = step.throw(error)
            else:
                waiting = step.send(sent)
    except StopIteration as end:
        result: Result = end.value
        return result
