"""Runs work in daemon threads."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread


async def in_daemon(work: Callable[[], None]) -> None:
    """Runs `work` in a daemon thread. Raises what `work` raises.

    Such a thread cannot keep the process from ending: a file system that hangs may never answer.
    When cancelled it leaves the thread running.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def tell(error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        error: Exception | None = None
        try:
            work()
        except Exception as raised:  # noqa: BLE001 - raised again in the coroutine that waits
            error = raised
        with suppress(RuntimeError):  # the loop is closed, and nobody waits
            loop.call_soon_threadsafe(tell, error)

    Thread(target=run, daemon=True).start()
    await done
