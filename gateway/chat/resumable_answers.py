"""Answers of the page while they are written: they outlive a reader that left by RESUME_GRACE, and
can be stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import structlog

from gateway.chat.page_answer import MemoryBound, PageAnswer
from gateway.chat.silence import KnownClaims
from gateway.errors import GatewayError, InternalError, NotFound, release_frames

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

    def start(self, answer: PageAnswer, work: Coroutine[Any, Any, None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._answers[answer.id] = answer
        answer.room = self._room
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

    def find(self, answer_id: str, owner: str) -> PageAnswer:
        answer = self._answers.get(answer_id)
        if answer is None or answer.owner != owner:
            raise NotFound(f"There is no answer {answer_id[:64]!r} of yours here; it may be over.")
        return answer

    async def stop(self, answer: PageAnswer) -> None:
        """Aborts the engine's work; returns when what was written is stored."""
        self.abort(answer)
        while not answer.finished and answer.task is not None:
            await asyncio.wait((answer.closing or answer.task,))

    async def stop_all(self, answer_ids: Iterable[str]) -> None:
        """Those that are still written, here."""
        found = [self._answers[answer_id] for answer_id in answer_ids if answer_id in self._answers]
        await asyncio.gather(*(self.stop(answer) for answer in found))

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
        await self.stop_all(tuple(self._answers))

    def abort(self, answer: PageAnswer) -> None:
        if answer.task is not None:
            answer.task.cancel()

    def reader_left(self, answer: PageAnswer) -> None:
        """An answer that nobody reads is aborted after RESUME_GRACE."""
        if not answer.readers and not answer.finished:
            answer.grace = asyncio.get_running_loop().call_later(self._grace, self.abort, answer)
        self._free(answer)
