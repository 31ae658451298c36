"""The pool of processes that decode images: a few, in turns by owner.

A spare process is started ahead of the image that needs it; a process whose job nobody waits for is
ended.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from typing import TypeVar

import structlog

from gateway.errors import InternalError
from gateway.media.limits import MediaLimits
from gateway.media.picture import Picture
from gateway.media.worker_job import WALL_FACTOR, Job
from gateway.media.worker_process import BrokenWorker, WorkerProcess, usable_cores
from gateway.throttling.fair_queue import FairQueue

log = structlog.get_logger()
MAX_AT_ONCE = 4
WAITING_PER_OWNER = 128
Result = TypeVar("Result")


class Workers:
    def __init__(self, limits: MediaLimits, at_once: int | None = None) -> None:
        """`at_once`: jobs at once; by default one a core, since more would only take more
        memory."""
        self._memory = limits.memory_bytes + limits.max_bytes
        self._at_once = at_once or min(MAX_AT_ONCE, usable_cores())
        self._turns = FairQueue(self._at_once, WAITING_PER_OWNER, "pictures to be decoded")
        # One heavy job at a time: their memory does not add up, and light jobs keep their workers.
        self._heavy_turns = FairQueue(1, WAITING_PER_OWNER, "pictures to be decoded")
        self._threads = ThreadPoolExecutor(2 * self._at_once, "media")
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._tasks: set[asyncio.Future[None]] = set()

    def close(self) -> None:
        for worker in (*self._idle, *self._busy):
            worker.kill()
            self._threads.submit(worker.end)
        self._threads.shutdown(wait=False)

    async def work(self, job: Job, owner: str) -> list[Picture]:
        """Raises the job's GatewayError, QueueFull, or InternalError where no worker works. When it
        is cancelled, the job's process is ended."""
        heavy = self._heavy_turns.turn(owner) if job.is_heavy else nullcontext()
        async with heavy, self._turns.turn(owner):
            worker = self._take()
            is_reusable = False
            try:
                async with asyncio.timeout(WALL_FACTOR * job.seconds):
                    pictures = await self._run(lambda: worker.work(job))
                is_reusable = not job.ends_worker
                return pictures
            except TimeoutError:
                raise job.took_too_long() from None
            except BrokenWorker as error:
                log.error("picture_worker_failed", reason=str(error))
                raise InternalError("Pictures cannot be decoded at the moment.") from None
            finally:
                self._give_back(worker, is_reusable)

    def _take(self) -> WorkerProcess:
        while self._idle:
            worker = self._idle.pop()
            if worker.can_take_jobs:
                break
            self._in_background(worker.end)
        else:
            worker = WorkerProcess(self._memory)
        self._busy.add(worker)
        self._start_spare()
        return worker

    def _give_back(self, worker: WorkerProcess, is_reusable: bool) -> None:
        self._busy.discard(worker)
        if is_reusable and worker.can_take_jobs:
            self._idle.append(worker)
        else:
            worker.kill()
            self._in_background(worker.end)
        self._start_spare()

    def _start_spare(self) -> None:
        """Keeps one worker ready where one more may work."""
        if not self._idle and len(self._busy) < self._at_once:
            spare = WorkerProcess(self._memory)
            self._idle.append(spare)
            self._in_background(lambda: _start(spare))

    def _in_background(self, work: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the pool is closed
            task = asyncio.get_running_loop().run_in_executor(self._threads, work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _start(worker: WorkerProcess) -> None:
    with suppress(BrokenWorker):  # raised again for the job that takes it
        worker.start()
