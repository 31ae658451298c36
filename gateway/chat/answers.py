"""Answers of the page while they are written: they outlive a reader that left by RESUME_GRACE, and can be stopped."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine
from dataclasses import dataclass, field
from typing import Any

from gateway.chat import extras
from gateway.errors import GatewayError, InternalError, NotFound, UpstreamError

log = logging.getLogger("sightdesk.answers")

MAX_ANSWER_BYTES = 8 * 1024 * 1024


@dataclass(eq=False, slots=True)
class Answer:
    """A Sink that remembers: any reader may come late and go on with event N."""

    id: str
    owner: str
    events: list[bytes] = field(default_factory=list)
    size: int = 0
    finished: bool = False
    readers: int = 0
    task: "asyncio.Task[None] | None" = None
    grace: asyncio.TimerHandle | None = None
    error: GatewayError | None = None
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, events: bytes) -> None:
        self.push(events)

    def push(self, events: bytes) -> None:
        for event in events.split(b"\n\n"):
            if event:
                if self.size > MAX_ANSWER_BYTES:
                    raise UpstreamError(f"The answer is longer than {MAX_ANSWER_BYTES} bytes.")
                self.events.append(event + b"\n\n")
                self.size += len(event) + 2
        self._grown.set()

    def finish(self, error: GatewayError | None = None) -> None:
        self.error = error
        self.finished = True
        self._grown.set()

    async def read(self, start: int) -> AsyncGenerator[bytes]:
        """Events from number `start` (0 first) to the end. Raises the answer's error if it has no event at all."""
        self.readers += 1
        if self.grace is not None:
            self.grace.cancel()
        try:
            while True:
                grown = self._grown
                if start < len(self.events):
                    batch = b"".join(self.events[start:])
                    start = len(self.events)
                    yield batch
                elif self.finished:
                    if self.error is not None:
                        if not self.events:
                            raise self.error
                        yield extras.error_event(self.error.body())
                    return
                else:
                    grown.clear()
                    await grown.wait()
        finally:
            self.readers -= 1


class Answers:
    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._answers: dict[str, Answer] = {}

    def start(self, answer: Answer, work: Coroutine[Any, Any, None]) -> None:
        self._answers[answer.id] = answer
        answer.task = asyncio.create_task(self._run(answer, work))

    async def _run(self, answer: Answer, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except GatewayError as error:
            answer.finish(error)
        except asyncio.CancelledError:
            answer.finish()
        except Exception:  # the last resort, as in middleware/errors.py: a reader never meets silence
            log.exception("unexpected", extra={"answer": answer.id})
            answer.finish(InternalError("Something went wrong here; the log has it."))
        else:
            answer.finish()
        finally:
            asyncio.get_running_loop().call_later(self._grace, self._answers.pop, answer.id, None)

    def find(self, answer_id: str, owner: str) -> Answer:
        answer = self._answers.get(answer_id)
        if answer is None or answer.owner != owner:
            raise NotFound(f"There is no answer {answer_id[:64]!r} of yours here; it may be over.")
        return answer

    def stop(self, answer: Answer) -> None:
        if answer.task is not None:
            answer.task.cancel()

    def reader_left(self, answer: Answer) -> None:
        """An answer that nobody reads is aborted after RESUME_GRACE."""
        if not answer.readers and not answer.finished:
            answer.grace = asyncio.get_running_loop().call_later(self._grace, self.stop, answer)
