"""One answer of the page in memory, and the bound of that memory."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from gateway.chat.events import ActionProposed, Event, Failed, HandoffState
from gateway.chat.openai_stream import DONE, StreamWriter, error_event
from gateway.chat.question import TurnReport
from gateway.chat.silence import ClaimWatch, characters_in
from gateway.chat.transcript import Transcript
from gateway.errors import GatewayError, NotFound, QueueFull, UpstreamError
from gateway.storage.answer_facts import Measured
from gateway.storage.turns import Answered

MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_CALLER_BYTES = 32 * 1024 * 1024  # of all answers of one caller that are in memory
MAX_BYTES = 256 * 1024 * 1024  # of all callers' answers
READ_BYTES = 256 * 1024  # that a reader is handed at once: a slow one holds no more


class MemoryBound:
    """Counts the bytes of answers in memory, by caller."""

    def __init__(self) -> None:
        self._by_caller: Counter[str] = Counter()
        self._held = 0

    def take(self, caller: str, size: int) -> None:
        """Raises QueueFull where the caller, or all callers together, would hold more than their
        bound."""
        by_caller = self._by_caller[caller]
        if by_caller + size > MAX_CALLER_BYTES:
            raise _full(MAX_CALLER_BYTES, by_caller + size)
        if self._held + size > MAX_BYTES:
            raise _full(MAX_BYTES, self._held + size)
        self._by_caller[caller] = by_caller + size
        self._held += size

    def give_back(self, caller: str, size: int) -> None:
        self._held -= size
        self._by_caller[caller] -= size
        if not self._by_caller[caller]:
            del self._by_caller[caller]


def _full(limit: int, size: int) -> QueueFull:
    return QueueFull(
        f"The memory for answers is full (limit {limit} bytes).",
        retry_after=5,
        details={"limit": limit, "size": size},
    )


class PageAnswer:
    """The server-sent events of an answer, encoded once: any reader may come late and go on with
    event N. An answer that is not streamed has a `body` instead.

    The last event, [DONE], is held until the answer is stored: who has it finds the answer in the
    history.
    """

    def __init__(
        self,
        answer_id: str,
        owner: str,
        writer: StreamWriter,
        *,
        caller: str = "",
        is_stored: bool,
        is_streamed: bool = True,
        conversation_id: str = "",
        watch: ClaimWatch | None = None,
        report: TurnReport | None = None,
        started: float | None = None,
    ) -> None:
        """`caller` is charged for the memory. `is_stored`: the question is in the store. `watch`:
        is asked at the last moment before each event goes out. `report`: what the turn finds out;
        `started`: when its request came, by `time.perf_counter`."""
        self.id = answer_id
        self.conversation_id = conversation_id
        self.claimed: dict[str, Any] | None = None  # the hand-over that ended this answer
        self.cut: int | None = None  # the number of the first event after that end
        self.owner = owner
        self.caller = caller
        self.is_stored = is_stored
        self.room = MemoryBound()
        self.size = 0  # bytes
        self.events: list[bytes] = []
        self.body = b""
        self.stopped = False
        self.finished = False
        self.error: GatewayError | None = None
        self.readers = 0
        self.task: asyncio.Task[None] | None = None
        self.closing: asyncio.Task[None] | None = None
        self.grace: asyncio.TimerHandle | None = None
        self._writer = writer
        self._report = report or TurnReport()
        self._started = started
        self._measured: Measured | None = None
        self._transcript = Transcript()
        self._grown = asyncio.Event()
        self._is_streamed = is_streamed
        self._watch = watch or ClaimWatch()
        self._read = 0  # events that a reader has got
        self._unseen = 0  # characters of the text that no reader has got

    def is_silent(self) -> bool:
        """Whether a person has claimed the conversation. Ends the answer when it first sees so."""
        if self.claimed is None and not self.finished:
            claimed = self._watch.claim()
            if claimed is not None:
                self.silence(claimed)
        return self.claimed is not None

    def silence(self, claimed: dict[str, Any]) -> None:
        """Ends the answer with the events that a reader has got."""
        if self.claimed is not None or self.finished:
            return
        self.claimed = claimed
        self._unseen = sum(map(characters_in, self.events[self._read :]))
        del self.events[self._read :]
        self.cut = self._read
        if self.task is not None:
            self.task.cancel()

    def push(self, events: Sequence[Event]) -> None:
        """Takes the events of a streamed answer."""
        if self.is_silent():
            self._note_actions(events)
            return
        self._transcript.push(events)
        encoded = self._writer.encode(events)
        if encoded:
            self._take(sum(map(len, encoded)))
            self.events += encoded
            self._grown.set()

    def note(self, events: Sequence[Event]) -> None:
        """For the history only."""
        if self.is_silent():
            self._note_actions(events)
        else:
            self._transcript.push(events)

    def _note_actions(self, events: Sequence[Event]) -> None:
        """Proposals are stored already: history shows their cards."""
        self._transcript.push([one for one in events if isinstance(one, ActionProposed)])

    def keep(self, body: bytes) -> None:
        """Takes the whole of an answer that is not streamed."""
        if self.is_silent():
            return
        self._take(len(body))
        self.body = body

    def _take(self, size: int) -> None:
        if self.size + size > MAX_ANSWER_BYTES:
            raise UpstreamError(
                f"The answer is longer than {MAX_ANSWER_BYTES} bytes.",
                details={"limit": MAX_ANSWER_BYTES, "size": self.size + size},
            )
        self.room.take(self.caller, size)
        self.size += size

    def fail(self, error: GatewayError) -> None:
        self.error = error
        self._transcript.push((Failed(error),))

    def answered(self) -> Answered:
        """What history keeps. The first call is the answer's end, for its time."""
        made = self._answered()
        if self._measured is None:
            self._measured = _measured(self._report, self._started)
        made.owner, made.measured = self.owner, self._measured
        made.knowledge_version = self._report.knowledge_version or None
        return made

    def _answered(self) -> Answered:
        if self.is_silent():
            seen = self._transcript.silenced(self._unseen)
            return seen if self._is_streamed else Answered("stopped")
        made = self._transcript.answered(stopped=self.stopped)
        made.is_unseen = not self._is_streamed
        return made

    def finish(self, claimed: dict[str, Any] | None = None) -> None:
        """Nothing more comes. `claimed`: by what the store knows, a person had claimed the
        conversation before the answer came to its end."""
        if claimed is not None:
            self.silence(claimed)
        if self.claimed is not None:
            self.error = None
            self.events += self._writer.encode((HandoffState(self.claimed),))
        if self.claimed is not None or (
            self._transcript.complete and self.error is None and self._is_streamed
        ):
            self.events.append(DONE)
        self.finished = True
        self._grown.set()

    async def whole(self) -> bytes:
        """The body of an answer that is not streamed; empty where a person has taken over. Raises
        the answer's error."""
        while not self.finished:
            self._grown.clear()
            await self._grown.wait()
        if self.error is not None:
            raise self.error
        if self.stopped and self.claimed is None:
            raise NotFound("The answer was stopped before its end.")
        return self.body

    async def read(self, start: int) -> AsyncGenerator[bytes]:
        """Events from number `start` (0 first) to the end. Raises the answer's error if it has no
        event at all."""
        self.add_reader()
        try:
            while True:
                grown = self._grown
                self.is_silent()
                if start < len(self.events):
                    batch = self._batch(start)
                    start += len(batch)
                    self.mark_read(start)
                    yield b"".join(batch)
                elif self.finished:
                    if self.error is not None:
                        if not self.events:
                            raise self.error
                        yield error_event(self.error, wants_extras=True)
                    return
                else:
                    grown.clear()
                    await grown.wait()
        finally:
            self.readers -= 1

    def add_reader(self) -> None:
        self.readers += 1
        if self.grace is not None:
            self.grace.cancel()

    def mark_read(self, count: int) -> None:
        """A reader has got the first `count` events."""
        self._read = max(self._read, count)

    def _batch(self, start: int) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        while size < READ_BYTES and start + len(batch) < len(self.events):
            batch.append(self.events[start + len(batch)])
            size += len(batch[-1])
        return batch


def _measured(report: TurnReport, started: float | None) -> Measured:
    first = report.first_token_seconds
    return Measured(
        first_token_ms=None if first is None else round(1000 * first),
        duration_ms=None if started is None else round(1000 * (time.perf_counter() - started)),
        prompt_tokens=report.prompt_tokens or None,
        completion_tokens=report.completion_tokens or None,
    )
