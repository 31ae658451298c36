"""The OCR queue: owners take turns, in slices; a picture is read once, and only while awaited."""

import asyncio
import hashlib
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inference.lite import process_memory
from inference.lite.budget import Budget
from inference.lite.decode import decoded
from inference.lite.errors import LiteError
from inference.lite.fields import fields_within
from inference.lite.reading import Reading, in_rows

if TYPE_CHECKING:
    from inference.lite.ocr import Engine
    from inference.lite.scan import Scan

# After this long a reading pauses for another owner's. A screenshot takes one slice.
SLICE_SECONDS = 0.75
FIELDS_SECONDS = 2.0  # to find fields in what was read, while all other pictures wait
MAX_OPEN = 4  # readings that have begun; each holds up to 48 MB of pixels
REMEMBERED = 512  # finished readings
MAX_PICTURE_BYTES = 32 * 1024 * 1024
ENDED = object()
MAX_WAITING_BYTES = 128 * 1024 * 1024


@dataclass(slots=True, eq=False)
class Job:
    """A picture that is being read or waits. `owners` has one entry for each waiting request."""

    key: str
    data: bytes
    done: "asyncio.Future[Reading]"
    owners: list[str] = field(default_factory=list)
    is_wanted: bool = True
    # Set when the first slice begins.
    options: Any = None  # onnxruntime.RunOptions; its `terminate` stops a running step
    scan: "Scan | None" = None
    steps: Iterator[None] | None = None
    budget: Budget = field(default_factory=Budget)  # for the fields, set when the text is read

    def give_up(self) -> None:
        """Stops reading, because nobody waits any more."""
        self.is_wanted = False
        self.budget.cancel()
        if self.options is not None:
            self.options.terminate = True
        self.done.cancel()


class OCRQueue:
    """Reads pictures in one thread, since the models use every core."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ocr")
        # By the picture's digest, finished ones included.
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        # What each owner waits for. The first owner is next.
        self._turns: OrderedDict[str, deque[Job]] = OrderedDict()
        self._waiting_bytes = 0
        self._working: asyncio.Task[None] | None = None
        self._engine: Engine | None = None

    @property
    def ready(self) -> bool:
        """Whether the models are loaded."""
        return self._engine is not None

    async def warm_up(self) -> None:
        """Loads the models."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    async def read(self, data: bytes, owner: str = "") -> Reading:
        """The reading. A picture that several owners ask for is read in the first turn of theirs.

        Raises LiteError: 400 invalid_image, 413 image_too_large, 429 queue_full.
        """
        if len(data) > MAX_PICTURE_BYTES:
            raise LiteError(
                f"The picture has {len(data)} bytes; at most {MAX_PICTURE_BYTES}.",
                413,
                "image_too_large",
            )
        key = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
        job = self._jobs.get(key)
        if job is None or (job.done.done() and job.done.exception() is not None):
            job = self._added(key, data)
        self._jobs.move_to_end(key)
        if job.done.done():
            return job.done.result()
        self._join(job, owner)
        try:
            return await asyncio.shield(job.done)
        finally:
            self._leave(job, owner)

    def _added(self, key: str, data: bytes) -> Job:
        if self._waiting_bytes + len(data) > MAX_WAITING_BYTES:
            raise LiteError(
                f"Pictures of {MAX_WAITING_BYTES} bytes are waiting to be read already.",
                429,
                "queue_full",
            )
        job = self._jobs[key] = Job(key, data, asyncio.get_running_loop().create_future())
        self._waiting_bytes += len(data)
        if len(self._jobs) > REMEMBERED:
            oldest = next((name for name, other in self._jobs.items() if other.done.done()), key)
            if oldest != key:
                del self._jobs[oldest]
        return job

    def _join(self, job: Job, owner: str) -> None:
        if owner not in job.owners:
            self._turns.setdefault(owner, deque()).append(job)
        job.owners.append(owner)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())

    def _leave(self, job: Job, owner: str) -> None:
        job.owners.remove(owner)
        if owner not in job.owners and job in self._turns.get(owner, ()):
            self._remove(job, owner)
        if not job.owners and not job.done.done():
            job.give_up()
            self._forget(job)

    def _forget(self, job: Job) -> None:
        if self._jobs.get(job.key) is job:
            del self._jobs[job.key]
        self._waiting_bytes -= len(job.data)
        job.data = b""

    def _remove(self, job: Job, owner: str) -> None:
        queue = self._turns[owner]
        queue.remove(job)
        if not queue:
            del self._turns[owner]

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while (job := self._next()) is not None:
            try:
                reading = await loop.run_in_executor(self._thread, self._slice, job)
            except Exception as error:  # noqa: BLE001 - raised to those who wait for this picture
                if not job.done.done():
                    job.done.set_exception(error)
                    job.done.exception()  # marks it as retrieved, in case nobody waits any more
                    self._end(job)
            else:
                if reading is not None and not job.done.done():
                    job.done.set_result(reading)
                    self._end(job)

    def _next(self) -> Job | None:
        """The first job of the next owner, who moves to the end. MAX_OPEN jobs at most begin."""
        is_full = sum(queue[0].steps is not None for queue in self._turns.values()) >= MAX_OPEN
        for owner, queue in self._turns.items():
            if queue[0].steps is not None or not is_full:
                self._turns.move_to_end(owner)
                return queue[0]
        return None

    def _end(self, job: Job) -> None:
        for owner in set(job.owners):
            self._remove(job, owner)
        self._waiting_bytes -= len(job.data)
        job.data, job.scan, job.steps = b"", None, None

    def _slice(self, job: Job) -> Reading | None:
        """Reads for SLICE_SECONDS, in the thread. Returns the reading when it is complete."""
        ends = time.monotonic() + SLICE_SECONDS
        if job.steps is None:
            self._begin(job)
        assert job.steps is not None
        while job.is_wanted:
            if next(job.steps, ENDED) is ENDED:
                reading = _reading(job)
                job.scan = job.steps = None
                process_memory.trim()
                return reading
            if time.monotonic() > ends:
                break
        return None

    def _begin(self, job: Job) -> None:
        import onnxruntime

        from inference.lite.scan import Scan

        engine = self._load()
        job.options = onnxruntime.RunOptions()
        job.scan = Scan(decoded(job.data))
        job.steps = job.scan.steps(engine, job.options)

    def _load(self) -> "Engine":
        if self._engine is None:
            # Imported here: it takes a second, during which the server answers already.
            from inference.lite.ocr import Engine

            self._engine = Engine()
        return self._engine


def _reading(job: Job) -> Reading:
    scan = job.scan
    assert scan is not None
    job.budget = Budget(FIELDS_SECONDS)
    if not job.is_wanted:  # given up by the event loop in the meantime
        job.budget.cancel()
    lines = in_rows(scan.lines)
    kind, fields = fields_within(lines, scan.codes, job.budget)
    return Reading(
        f"sha256:{job.key}",
        scan.picture.width,
        scan.picture.height,
        lines,
        fields,
        kind=kind,
        legible=scan.legible,
        turned=scan.turned,
        codes=scan.codes,
    )
