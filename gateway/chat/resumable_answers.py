"""Answers of the page while they are written: they outlive a reader that left by RESUME_GRACE, and can be stopped."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from gateway.chat import extras, sse
from gateway.errors import GatewayError, InternalError, NotFound, QueueFull, UpstreamError

log = logging.getLogger("sightdesk.answers")
DONE = extras.DONE.strip()
MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_CALLER_BYTES = 32 * 1024 * 1024  # of all answers of one caller that are in memory
MAX_BYTES = 256 * 1024 * 1024  # of everybody's
READ_BYTES = 256 * 1024  # that a reader is handed at once: a slow one holds no more


class MemoryBound:
    """Counts the bytes of answers in memory, by caller."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()

    def take(self, caller: str, size: int) -> None:
        """Raises QueueFull where the caller, or all callers together, would hold more than their bound."""
        for held, limit in (
            (self._held[caller], MAX_CALLER_BYTES),
            (self._held.total(), MAX_BYTES),
        ):
            if held + size > limit:
                raise QueueFull(
                    f"The memory for answers is full (limit {limit} bytes).",
                    retry_after=5,
                    details={"limit": limit, "size": held + size},
                )
        self._held[caller] += size

    def give_back(self, caller: str, size: int) -> None:
        self._held[caller] -= size
        if not self._held[caller]:
            del self._held[caller]


@dataclass(eq=False, slots=True)
class Answer:
    """A Sink that remembers: any reader may come late and go on with event N.

    An answer that is not streamed has a `body` instead. The last event, [DONE], is held until the answer is stored, so that who
    has it finds the answer in the history.
    """

    id: str
    owner: str
    kept: bool  # its question is in the store
    caller: str = ""  # who is charged for it
    room: MemoryBound = field(default_factory=MemoryBound)
    events: list[bytes] = field(default_factory=list)
    body: bytes = b""
    size: int = 0
    complete: bool = False
    stopped: bool = False
    finished: bool = False
    readers: int = 0
    task: "asyncio.Task[None] | None" = None
    grace: asyncio.TimerHandle | None = None
    closing: "asyncio.Task[None] | None" = None
    error: GatewayError | None = None
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def connection(self) -> None:
        """No chunks are written past it: each event is kept."""

    async def send(self, events: bytes) -> None:
        self.push(events)

    def push(self, events: bytes, *, last: bool = False) -> None:
        for event in sse.split(events):
            if event.strip() == DONE:
                self.complete = True
            elif event:
                self._take(len(event) + 2)
                self.events.append(event + b"\n\n")
        self._grown.set()

    def keep(self, body: bytes) -> None:
        """The whole of an answer that is not streamed."""
        self._take(len(body))
        self.body = body
        self.complete = True

    def _take(self, size: int) -> None:
        if self.size + size > MAX_ANSWER_BYTES:
            raise UpstreamError(
                f"The answer is longer than {MAX_ANSWER_BYTES} bytes.",
                details={"limit": MAX_ANSWER_BYTES, "size": self.size + size},
            )
        self.room.take(self.caller, size)
        self.size += size

    def finish(self) -> None:
        if self.complete and not self.body:
            self.events.append(extras.DONE)
        self.finished = True
        self._grown.set()

    async def whole(self) -> bytes:
        """The body of an answer that is not streamed. Raises the answer's error."""
        while not self.finished:
            self._grown.clear()
            await self._grown.wait()
        if self.error is not None:
            raise self.error
        if self.stopped:
            raise NotFound("The answer was stopped before its end.")
        return self.body

    async def read(self, start: int) -> AsyncGenerator[bytes]:
        """Events from number `start` (0 first) to the end. Raises the answer's error if it has no event at all."""
        self.readers += 1
        if self.grace is not None:
            self.grace.cancel()
        try:
            while True:
                grown = self._grown
                if start < len(self.events):
                    batch = self._batch(start)
                    start += len(batch)
                    yield b"".join(batch)
                elif self.finished:
                    if self.error is not None:
                        if not self.events:
                            raise self.error
                        yield extras.error_event(self.error, wants_extras=True)
                    return
                else:
                    grown.clear()
                    await grown.wait()
        finally:
            self.readers -= 1

    def _batch(self, start: int) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        while size < READ_BYTES and start + len(batch) < len(self.events):
            batch.append(self.events[start + len(batch)])
            size += len(batch[-1])
        return batch


class ResumableAnswers:
    """`keep` stores an answer that has ended, however it ended; the readers wait for it."""

    def __init__(self, grace: float, keep: Callable[[Answer], Awaitable[None]]) -> None:
        self._grace = grace
        self._keep = keep
        self._answers: dict[str, Answer] = {}
        self._room = MemoryBound()

    def start(self, answer: Answer, work: Coroutine[Any, Any, None]) -> None:
        self._answers[answer.id] = answer
        answer.room = self._room
        answer.task = asyncio.create_task(self._run(answer, work))
        # Closing is a task of its own: whoever stops an answer twice must not stop its being stored.
        answer.task.add_done_callback(lambda _: self._begin_closing(answer, work))

    async def _run(self, answer: Answer, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except GatewayError as error:
            answer.error = error
        except asyncio.CancelledError:
            answer.stopped = True
        except Exception:  # the reader gets the contract's body, the log the traceback
            log.exception("unexpected", extra={"answer": answer.id})
            answer.error = InternalError("Something went wrong here; the log has it.")

    def _begin_closing(self, answer: Answer, work: Coroutine[Any, Any, None]) -> None:
        work.close()  # cancelled before its first step, it never ran
        answer.stopped = answer.stopped or (answer.task is not None and answer.task.cancelled())
        answer.closing = asyncio.create_task(self._close(answer))

    async def _close(self, answer: Answer) -> None:
        try:
            await self._keep(answer)
        finally:
            answer.finish()
            asyncio.get_running_loop().call_later(self._grace, self._forget, answer)

    def _forget(self, answer: Answer) -> None:
        self._answers.pop(answer.id, None)
        self._free(answer)

    def _free(self, answer: Answer) -> None:
        """Once nobody can read it, nor reads it any more."""
        if not answer.readers and answer.id not in self._answers:
            self._room.give_back(answer.caller, answer.size)
            answer.size = 0

    def find(self, answer_id: str, owner: str) -> Answer:
        answer = self._answers.get(answer_id)
        if answer is None or answer.owner != owner:
            raise NotFound(f"There is no answer {answer_id[:64]!r} of yours here; it may be over.")
        return answer

    async def stop(self, answer: Answer) -> None:
        """Aborts the engine's work; returns when what was written is stored."""
        self.abort(answer)
        while not answer.finished and answer.task is not None:
            await asyncio.wait((answer.closing or answer.task,))

    async def stop_all(self, answer_ids: Iterable[str]) -> None:
        """Those that are still written, here."""
        found = [self._answers[answer_id] for answer_id in answer_ids if answer_id in self._answers]
        await asyncio.gather(*(self.stop(answer) for answer in found))

    async def close(self) -> None:
        """At the end of the process: what is still written is stored as it is."""
        await self.stop_all(tuple(self._answers))

    def abort(self, answer: Answer) -> None:
        if answer.task is not None:
            answer.task.cancel()

    def reader_left(self, answer: Answer) -> None:
        """An answer that nobody reads is aborted after RESUME_GRACE."""
        if not answer.readers and not answer.finished:
            answer.grace = asyncio.get_running_loop().call_later(self._grace, self.abort, answer)
        self._free(answer)
