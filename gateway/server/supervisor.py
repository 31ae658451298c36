"""Starts background tasks, restarts those that fail, shows their state, and ends them."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog

from gateway.observability.metrics import Metrics

log = structlog.get_logger()
FIRST_PAUSE = 1.0  # seconds before a failed task starts again; doubled with each failure
LONGEST_PAUSE = 60.0  # seconds; a task that ran for so long begins with FIRST_PAUSE again
STOP_SECONDS = 5.0  # for all tasks together to end
CLOSE_SECONDS = 10.0  # for one resource to close

Work = Callable[[], Coroutine[Any, Any, None]]
Close = Callable[[], Awaitable[None] | None]


class Ended(Exception):
    """A task that should run until it is cancelled has returned."""


@dataclass(slots=True)
class Watched:
    """A task's state: running, restarting or done; `reason` of its last failure."""

    state: str = "running"
    reason: str | None = None
    restarts: int = 0


class Supervisor:
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._running: dict[str, asyncio.Task[None]] = {}
        self.tasks: dict[str, Watched] = {}

    def start(self, name: str, work: Work, *, once: bool = False) -> "asyncio.Task[None]":
        """Runs `work` until `stop`, or with `once` until it returns. Restarts it when it fails."""
        watched = self.tasks[name] = Watched()
        self._metrics.task_restarts.labels(name)
        task = self._running[name] = asyncio.create_task(
            self._keep(name, work, watched, once), name=name
        )
        return task

    async def _keep(self, name: str, work: Work, watched: Watched, once: bool) -> None:
        pause, loop = FIRST_PAUSE, asyncio.get_running_loop()
        while True:
            started = loop.time()
            watched.state = "running"
            failure = await _failure_of(work)
            if failure is None and once:
                watched.state = "done"
                return
            if loop.time() - started >= LONGEST_PAUSE:
                pause = FIRST_PAUSE
            failure = failure or Ended("the task returned")
            watched.state, watched.reason = "restarting", f"{type(failure).__name__}: {failure}"
            watched.restarts += 1
            self._metrics.task_restarts.labels(name).inc()
            log.error("task_failed", task=name, pause=pause, exc_info=failure)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def stop(self) -> None:
        """Cancels every task and waits for STOP_SECONDS at most. Never raises."""
        running, self._running = list(self._running.values()), {}
        for task in running:
            task.cancel()
        if running:
            _, late = await asyncio.wait(running, timeout=STOP_SECONDS)
            for task in late:
                log.error("task_does_not_end", task=task.get_name())


async def _failure_of(work: Work) -> BaseException | None:
    """What `work` raised. CancelledError counts, unless this task itself was cancelled."""
    try:
        await work()
    except asyncio.CancelledError as error:
        current = asyncio.current_task()
        if current is None or current.cancelling():
            raise
        return error
    except Exception as error:  # noqa: BLE001 - logged, counted and shown by the supervisor
        return error
    return None


async def closed(name: str, close: Close) -> None:
    """Closes one resource within CLOSE_SECONDS. Logs a failure and never raises."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            waiting = close()
            if waiting is not None:
                await waiting
    except Exception as error:
        log.error("close_failed", resource=name, exc_info=error)
