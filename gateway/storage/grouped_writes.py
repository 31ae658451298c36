"""Group commit: jobs that wait at the same moment are written in one transaction, in a thread.

A transaction costs a thread switch, a lock and a commit whatever it holds, so one for each job
would be most of what storing costs. A caller goes on only after the commit that holds its job.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.errors import StoreUnavailable
from gateway.server.daemon_threads import in_daemon

Job = TypeVar("Job")
Result = TypeVar("Result")

MAX_JOBS = 64  # in one transaction, or
MAX_CHARACTERS = 1_000_000  # whichever is reached first: half a second of indexing on SQLite


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Job, Result]):
    job: Job
    written: "asyncio.Future[Result]"


class GroupedWrites(Generic[Job, Result]):
    """Belongs to one event loop.

    `write` commits a list of jobs, in their order, and returns a result for each; an exception
    among the results, or one that it raises, is raised to the caller whose job it is. `key_of`
    tells jobs apart that cannot be in one transaction: of equal keys the later one waits.
    `characters_of` is the size of a job.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[list[Job]], list[Result | Exception]],
        key_of: Callable[[Job], Hashable],
        characters_of: Callable[[Job], int],
    ) -> None:
        self._write = write
        self._key_of = key_of
        self._characters_of = characters_of
        self._thread = ThreadPoolExecutor(1, name)
        self._waiting: deque[_Waiting[Job, Result]] = deque()
        self._is_idle = asyncio.Event()  # of the event loop's alone: the thread sets no flags
        self._is_idle.set()

    async def add(self, job: Job) -> Result:
        """Returns after the commit. Raises what `write` raised for this job."""
        loop = asyncio.get_running_loop()
        waiting: _Waiting[Job, Result] = _Waiting(job, loop.create_future())
        self._waiting.append(waiting)
        if self._is_idle.is_set():
            self._start(loop)
        return await waiting.written

    async def close(self) -> None:
        """Waits for the jobs that were added."""
        await self._is_idle.wait()
        await in_daemon(self._thread.shutdown)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_idle.clear()
        self._thread.submit(self._write_waiting, loop)

    def _write_waiting(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the thread. Takes all that wait when it comes to run, then what came meanwhile."""
        while self._waiting:
            group = self._next_group()
            results = self._results([one.job for one in group])
            loop.call_soon_threadsafe(_tell, group, results)
        loop.call_soon_threadsafe(self._stopped, loop)

    def _stopped(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._waiting:  # it came after the thread had looked
            self._start(loop)
        else:
            self._is_idle.set()

    def _next_group(self) -> list[_Waiting[Job, Result]]:
        """The first jobs in the queue, without a second one of the same key."""
        group: dict[Hashable, _Waiting[Job, Result]] = {}
        later: list[_Waiting[Job, Result]] = []
        characters = 0
        while self._waiting and len(group) + len(later) < MAX_JOBS and characters < MAX_CHARACTERS:
            one = self._waiting.popleft()
            key = self._key_of(one.job)
            if key in group:
                later.append(one)
            else:
                group[key] = one
                characters += self._characters_of(one.job)
        self._waiting.extendleft(reversed(later))
        return list(group.values())

    def _results(self, jobs: list[Job]) -> list[Result | Exception]:
        """Where a group fails, each of its jobs is written by itself: one job's fault is its own.

        Not where the store does not answer: every further try would wait for it as long.
        """
        try:
            return self._write(jobs)
        except StoreUnavailable as error:
            return [error] * len(jobs)
        except Exception as error:  # noqa: BLE001 - raised to the caller of `add`
            if len(jobs) == 1:
                return [error]
        results: list[Result | Exception] = []
        for job in jobs:
            last = results[-1] if results else None
            results += [last] if isinstance(last, StoreUnavailable) else self._results([job])
        return results


def _tell(group: list[_Waiting[Job, Result]], results: list[Result | Exception]) -> None:
    for one, result in zip(group, results, strict=True):
        if one.written.cancelled():
            continue
        if isinstance(result, Exception):
            one.written.set_exception(result)
        else:
            one.written.set_result(result)
