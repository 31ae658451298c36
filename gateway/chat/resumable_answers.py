"""Answers of the page while they are written: they outlive a reader that left by RESUME_GRACE, and
can be stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from gateway.chat.page_answer import MemoryBound, PageAnswer
from gateway.chat.silence import KnownClaims
from gateway.errors import GatewayError, InternalError, NotFound, release_frames

if TYPE_CHECKING:  # imported where there is a Redis: its client takes memory
    from gateway.chat.shared_answers.answers_elsewhere import AnswersElsewhere
    from gateway.chat.shared_answers.reader import RemoteAnswer

log = structlog.get_logger()
Store = Callable[[PageAnswer], Awaitable[dict[str, Any] | None]]


class ResumableAnswers:
    """`grace`: seconds that an answer lives without a reader. `store` stores an answer that has
    ended, however it ended; its readers wait for that. It returns the hand-over, where a person has
    claimed the conversation before that end."""

    def __init__(self, grace: float, store: Store, claims: KnownClaims | None = None) -> None:
        self._claims = claims
        self._loop: asyncio.AbstractEventLoop | None = None
        self._grace = grace
        self._store = store
        self._answers: dict[str, PageAnswer] = {}
        self._room = MemoryBound()
        self._elsewhere: AnswersElsewhere | None = None

    def share(self, elsewhere: "AnswersElsewhere") -> None:
        """With the other gateways. Call it before the first answer."""
        self._elsewhere = elsewhere

    def start(self, answer: PageAnswer, work: Coroutine[Any, Any, None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._answers[answer.id] = answer
        answer.room = self._room
        if self._elsewhere is not None:
            self._elsewhere.publish(answer)
        answer.task = asyncio.create_task(self._run(answer, work))
        # Closing is a task of its own: a second stop must not keep the answer from being stored.
        answer.task.add_done_callback(lambda _: self._begin_closing(answer, work))

    async def _run(self, answer: PageAnswer, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except GatewayError as error:
            release_frames(error)
            answer.fail(error)
        except asyncio.CancelledError:
            answer.stopped = True
        except Exception:  # the reader gets the contract's body, the log the traceback
            log.exception("unexpected", answer=answer.id)
            answer.fail(InternalError("Something went wrong here; the log has it."))

    def _begin_closing(self, answer: PageAnswer, work: Coroutine[Any, Any, None]) -> None:
        work.close()  # cancelled before its first step, it never ran
        answer.stopped = answer.stopped or (answer.task is not None and answer.task.cancelled())
        answer.closing = asyncio.create_task(self._close(answer))

    async def _close(self, answer: PageAnswer) -> None:
        claimed = None
        try:
            claimed = await self._store(answer)
        finally:
            answer.finish(claimed)
            asyncio.get_running_loop().call_later(self._grace, self._forget, answer)

    def _forget(self, answer: PageAnswer) -> None:
        self._answers.pop(answer.id, None)
        self._free(answer)

    def _free(self, answer: PageAnswer) -> None:
        """Once nobody can read it, nor reads it any more."""
        if not answer.readers and answer.id not in self._answers:
            self._room.give_back(answer.caller, answer.size)
            answer.size = 0

    def own(self, answer_id: str) -> PageAnswer | None:
        """One that this gateway writes."""
        return self._answers.get(answer_id)

    async def find(self, answer_id: str, owner: str) -> "PageAnswer | RemoteAnswer":
        """Raises NotFound, and UpstreamUnavailable where another gateway may have it and Redis does
        not answer."""
        own = self._answers.get(answer_id)
        if own is not None and own.owner == owner:
            return own
        found = None
        if own is None and self._elsewhere is not None:
            found = await self._elsewhere.find(answer_id, owner)
        if found is None:
            raise NotFound(f"There is no answer {answer_id[:64]!r} of yours here; it may be over.")
        return found

    async def stop(self, answer: "PageAnswer | RemoteAnswer") -> None:
        """Aborts the engine's work; returns when what was written is stored. Raises
        UpstreamUnavailable where another gateway writes it and does not say so in time."""
        if isinstance(answer, PageAnswer):
            await self._stop_own(answer)
        elif self._elsewhere is not None:
            await self._elsewhere.stop(answer)

    async def _stop_own(self, answer: PageAnswer) -> None:
        self.abort(answer)
        while not answer.finished and answer.task is not None:
            await asyncio.wait((answer.closing or answer.task,))

    async def stop_all(
        self, answer_ids: Iterable[str], claim: Mapping[str, Any] | None = None
    ) -> None:
        """Those that are still written, on any gateway. `claim`: the claimed hand-over, as its
        event has it, for which they stop."""
        wanted = set(answer_ids)
        own = wanted & self._answers.keys()
        stopping = [self._stop_own(self._answers[answer_id]) for answer_id in own]
        if self._elsewhere is not None and wanted - own:
            stopping.append(self._elsewhere.stop_all(wanted - own, claim))
        await asyncio.gather(*stopping)

    def claimed(self, conversation_id: str) -> None:
        """Ends what is written in a conversation that a person has claimed. Safe to call from any
        thread: it is done before whatever that thread hands to the event loop next."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._silence, conversation_id)

    def _silence(self, conversation_id: str) -> None:
        claim = self._claims.of(conversation_id) if self._claims is not None else None
        if claim is None:
            return
        for answer in list(self._answers.values()):
            if answer.conversation_id == conversation_id:
                answer.silence(claim.as_event())

    async def close(self) -> None:
        """At the end of the process: what is still written is stored as it is."""
        await asyncio.gather(*map(self._stop_own, tuple(self._answers.values())))

    def abort(self, answer: PageAnswer) -> None:
        if answer.task is not None:
            answer.task.cancel()

    def reader_left(self, answer: "PageAnswer | RemoteAnswer") -> None:
        """An answer that nobody reads is aborted after RESUME_GRACE."""
        if isinstance(answer, PageAnswer):
            self._reader_left(answer)
        elif self._elsewhere is not None:
            self._elsewhere.left(answer)

    def remote_reader_came(self, answer: PageAnswer) -> None:
        """A reader on another gateway."""
        answer.add_reader()

    def remote_reader_left(self, answer: PageAnswer) -> None:
        answer.readers -= 1
        self._reader_left(answer)

    def _reader_left(self, answer: PageAnswer) -> None:
        if not answer.readers and not answer.finished:
            answer.grace = asyncio.get_running_loop().call_later(self._grace, self.abort, answer)
        self._free(answer)
