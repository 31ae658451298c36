"""The processes that decode pictures: a few, each started ahead of the picture that needs it, taken in turns by owner, ended with the work that nobody waits for."""

import asyncio
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TypeVar

from gateway.errors import GatewayError, InternalError
from gateway.media import worker_protocol
from gateway.media.limits import MIB, MediaLimits
from gateway.media.picture import Picture
from gateway.media.worker_job import CLOCK, Job, pictures_of
from gateway.throttling.fair_queue import FairQueue

log = logging.getLogger("sightdesk.media")
ROOT = Path(__file__).parents[2]
MAX_AT_ONCE = 4
WAITING_PER_OWNER = 128
MAX_JOBS = 200  # of one worker
LIFE_SECONDS = 3600  # of its CPU, more than all its jobs may take
PIPE_BYTES = MIB  # the most that Linux gives without root: fewer turns between the two processes
Result = TypeVar("Result")


class Broken(Exception):
    """A worker that could not be started, or answered nonsense: not the picture's fault."""


class Worker:
    """One process, for one job at a time. Its methods block, all but `kill`."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._jobs = 0
        self._is_ready = self._killed = False
        self._lock = threading.Lock()  # no pipe is closed while another thread reads from it

    @property
    def may_go_on(self) -> bool:
        return (
            not self._killed
            and self._jobs < MAX_JOBS
            and (self._process is None or self._process.poll() is None)
        )

    def start(self) -> None:
        """Until it is ready. Raises Broken."""
        with self._lock:
            self._start()

    def work(self, job: Job) -> list[Picture]:
        """Raises the job's GatewayError, or Broken. The worker takes no other job after an error."""
        with self._lock:
            self._start()
            self._jobs += 1
            jobs, answers = self._pipes
            try:
                worker_protocol.send(jobs, job.head, [job.data])
                head, data = worker_protocol.receive(answers, job.limits.result_bytes)
            except (OSError, EOFError):
                raise self._reason(job) from None
            except (ValueError, TypeError, KeyError) as error:
                raise Broken(f"a worker for pictures answered nonsense: {error!r}") from error
        try:
            return pictures_of(head, data)
        except (ValueError, TypeError, KeyError) as error:
            raise Broken(f"a worker for pictures answered nonsense: {error!r}") from error

    def kill(self) -> None:
        """At once; whoever waits in `work` is let go."""
        self._killed = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()

    def end(self) -> None:
        self.kill()
        with self._lock:
            if self._process is not None:
                self._process.communicate()  # no zombie stays, no pipe

    def _start(self) -> None:
        if self._is_ready:
            return
        try:
            self._process = self._process or self._spawned()
            if self._killed:
                self._process.kill()
            worker_protocol.receive(self._pipes[1], 0)
        except (OSError, EOFError, ValueError, KeyError) as error:
            self.kill()
            raise Broken(f"a worker for pictures did not start: {error!r}") from error
        self._is_ready = True

    def _spawned(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "gateway.media.worker", str(self._memory), str(LIFE_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=ROOT,
            env={},  # none of our secrets for whoever finds a way into it
            start_new_session=True,  # Ctrl-C is for the gateway, which first ends its answers
        )
        for pipe in filter(None, (process.stdin, process.stdout)):
            with suppress(
                OSError, AttributeError
            ):  # another system, or the user's pipes have had their share
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        return process

    @property
    def _pipes(self) -> tuple[int, int]:
        assert self._process
        assert self._process.stdin
        assert self._process.stdout
        return self._process.stdin.fileno(), self._process.stdout.fileno()

    def _reason(self, job: Job) -> GatewayError:
        """Why a worker ended in the middle. The kernel ends it by SIGXCPU for its time; libraries that get no more memory
        end it themselves."""
        assert self._process
        code = self._process.wait()
        return job.took_too_long() if code == -signal.SIGXCPU else job.needs_too_much()


class Workers:
    def __init__(self, limits: MediaLimits, at_once: int | None = None) -> None:
        self._memory = limits.memory_bytes + limits.max_bytes
        self._at_once = at_once or min(MAX_AT_ONCE, _cores())
        self._turns = FairQueue(self._at_once, WAITING_PER_OWNER, "pictures to be decoded")
        # One heavy job at a time: their memory does not add up, and the other workers stay with light ones.
        self._heavy = FairQueue(1, WAITING_PER_OWNER, "pictures to be decoded")
        self._threads = ThreadPoolExecutor(2 * self._at_once, "media")
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._tasks: set[asyncio.Future[None]] = set()

    def close(self) -> None:
        for worker in (*self._idle, *self._busy):
            worker.kill()
            self._threads.submit(worker.end)
        self._threads.shutdown(wait=False)

    async def work(self, job: Job, owner: str) -> list[Picture]:
        """Raises the job's GatewayError, QueueFull, or InternalError where no worker can be had. Whoever is cancelled takes
        the work along: its process is ended."""
        heavy = self._heavy.turn(owner) if job.is_heavy else nullcontext()
        async with heavy, self._turns.turn(owner):
            worker = self._take()
            is_done = False
            try:
                async with asyncio.timeout(CLOCK * job.seconds):
                    pictures = await self._run(lambda: worker.work(job))
                is_done = job.task != "pdf"
                return pictures
            except TimeoutError:
                raise job.took_too_long() from None
            except Broken as error:
                log.error("picture_worker_failed", extra={"reason": str(error)})
                raise InternalError("Pictures cannot be decoded at the moment.") from None
            finally:
                self._give_back(worker, is_done)

    def _take(self) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.may_go_on:
                break
            self._background(worker.end)
        else:
            worker = Worker(self._memory)
        self._busy.add(worker)
        self._refill()
        return worker

    def _give_back(self, worker: Worker, is_done: bool) -> None:
        self._busy.discard(worker)
        if is_done and worker.may_go_on:
            self._idle.append(worker)
        else:
            worker.kill()
            self._background(worker.end)
        self._refill()

    def _refill(self) -> None:
        """One worker is ready where one more may work."""
        if not self._idle and len(self._busy) < self._at_once:
            spare = Worker(self._memory)
            self._idle.append(spare)
            self._background(lambda: _started(spare))

    def _background(self, work: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # closed
            task = asyncio.get_running_loop().run_in_executor(self._threads, work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _started(worker: Worker) -> None:
    with suppress(Broken):  # told to whoever takes it
        worker.start()


def _cores() -> int:
    """Those that this process may run on: more pictures at once would only take more memory."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
