"""Workers of actions inside a test, and what they have done."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.support.action_parts import OWNER, Parts

LATE = 1.0  # seconds; for tools whose system is too late


@contextlib.asynccontextmanager
async def working_at(*gateways: Parts, **more: float) -> AsyncIterator[None]:
    workers = [one.worker(**more) for one in gateways]
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for worker in workers:
            worker.close()


async def ended(parts: Parts, action_id: str, seconds: float = 8) -> dict[str, Any]:
    """The action once nothing more happens to it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        one = await asyncio.to_thread(parts.actions.of_owner, OWNER, action_id)
        if one["status"] in ("done", "failed", "unknown", "expired"):
            return one
        await asyncio.sleep(0.02)
    raise AssertionError(f"still {one['status']}")


def hurried(parts: Parts) -> None:
    """Its tools give up after LATE."""
    for tool in parts.tools.tools.values():
        tool.timeout = LATE


def planned(*ways: str) -> Callable[[str, int], str]:
    return lambda _, number: ways[min(number, len(ways)) - 1]
