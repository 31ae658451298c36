"""One process that decodes images, in a sandbox (worker.py), and how it is started and ended."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from gateway.errors import GatewayError
from gateway.media import worker_protocol
from gateway.media.limits import MIB
from gateway.media.picture import Picture
from gateway.media.worker_job import Job, pictures_of

ROOT = Path(__file__).parents[2]
MAX_JOBS = 200  # of one process
LIFE_SECONDS = 3600  # of its CPU, more than all its jobs may take
# The largest pipe that Linux gives without root: fewer switches between the two processes.
PIPE_BYTES = MIB


class BrokenWorker(Exception):
    """The worker did not start or sent nonsense. The image is not at fault."""


class WorkerProcess:
    """Takes one job at a time. All methods block, except `kill`."""

    def __init__(self, memory: int) -> None:
        """`memory`: the most bytes that one job may take."""
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._jobs = 0
        self._is_ready = self._is_killed = False
        self._lock = threading.Lock()  # no pipe is closed while another thread reads from it

    @property
    def can_take_jobs(self) -> bool:
        return (
            not self._is_killed
            and self._jobs < MAX_JOBS
            and (self._process is None or self._process.poll() is None)
        )

    def start(self) -> None:
        """Returns when the process is ready. Raises BrokenWorker."""
        with self._lock:
            self._start()

    def work(self, job: Job) -> list[Picture]:
        """Raises the job's GatewayError, or BrokenWorker. After an error the process takes no
        further job."""
        with self._lock:
            self._start()
            self._jobs += 1
            jobs, answers = self._pipes
            try:
                worker_protocol.send(jobs, job.head, [job.data])
                head, data = worker_protocol.receive(answers, job.limits.result_bytes)
            except (OSError, EOFError):
                raise self._why_ended(job) from None
            except (ValueError, TypeError, KeyError) as error:
                raise BrokenWorker(f"an image worker sent nonsense: {error!r}") from error
        try:
            return pictures_of(head, data)
        except (ValueError, TypeError, KeyError) as error:
            raise BrokenWorker(f"an image worker sent nonsense: {error!r}") from error

    def kill(self) -> None:
        """Ends the process at once; a thread in `work` returns."""
        self._is_killed = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()

    def end(self) -> None:
        """Kills the process and waits for it, so that no zombie and no pipe stays."""
        self.kill()
        with self._lock:
            if self._process is not None:
                self._process.communicate()

    def _start(self) -> None:
        if self._is_ready:
            return
        try:
            self._process = self._process or self._spawn()
            if self._is_killed:
                self._process.kill()
            worker_protocol.receive(self._pipes[1], 0)
        except (OSError, EOFError, ValueError, KeyError) as error:
            self.kill()
            raise BrokenWorker(f"an image worker did not start: {error!r}") from error
        self._is_ready = True

    def _spawn(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "gateway.media.worker", str(self._memory), str(LIFE_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=ROOT,
            env={},  # an image that takes over the process finds no secrets
            start_new_session=True,  # Ctrl-C is for the gateway, which first ends its answers
        )
        for pipe in filter(None, (process.stdin, process.stdout)):
            # Other systems have no such call, and users have a limit for all their pipes.
            with suppress(OSError, AttributeError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        return process

    @property
    def _pipes(self) -> tuple[int, int]:
        """(for jobs, for answers)."""
        assert self._process
        assert self._process.stdin
        assert self._process.stdout
        return self._process.stdin.fileno(), self._process.stdout.fileno()

    def _why_ended(self, job: Job) -> GatewayError:
        """Why the process ended during a job. The kernel sends SIGXCPU when its time is over;
        libraries end the process where they get no more memory."""
        assert self._process
        code = self._process.wait()
        return job.took_too_long() if code == -signal.SIGXCPU else job.needs_too_much()


def usable_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
