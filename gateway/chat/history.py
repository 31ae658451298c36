"""Stores the page's questions and answers, each in one transaction, in a thread. A question that
could not be stored is answered all the same."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from gateway.chat.page_answer import PageAnswer
from gateway.errors import StoreUnavailable
from gateway.openai.chat_request import PageRequest
from gateway.openai.messages import FilePart
from gateway.server.daemon_threads import in_daemon
from gateway.storage.database import Database
from gateway.storage.file_store import FILE_ID, FileStore
from gateway.storage.turns import Asked, Opened, close_turn, open_turns
from gateway.throttling.one_per_owner import OnePerOwner

log = logging.getLogger("sightdesk.store")
Result = TypeVar("Result")

REST_SECONDS = 5.0  # after a failure no question waits for the store
RETRY_SECONDS = (2.0, 10.0, 60.0)  # an answer is worth more tries: its question is kept already


class HistoryRecorder:
    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._files = files
        # Threads of its own: a database that hangs must hold up no pictures. Two groups, so that
        # answers which cannot be stored hold up no questions.
        self._opening = ThreadPoolExecutor(4, "store-opening")
        self._closing = ThreadPoolExecutor(4, "store-closing")
        # One question of each owner at a time, so that no owner takes all the threads.
        self._turns = OnePerOwner("question being stored")
        self._resting_until = 0.0
        self._retries: set[asyncio.Task[None]] = set()

    async def open(
        self, request: PageRequest, owner: str, conversation_id: str, answer_id: str
    ) -> Opened | None:
        """Stores the question and an empty answer. None where the store does not answer. Raises
        NotFound where the conversation is another owner's."""
        asked = Asked(
            owner,
            conversation_id,
            answer_id,
            request.question,
            _file_ids(request),
            replaced_turn(request),
        )
        async with self._turns.turn(owner):
            opened = await _in(self._opening, partial(self._open, asked))
        if opened is None:
            log.warning("question_not_kept", extra={"answer": answer_id})
        return opened

    async def close(self, answer: PageAnswer) -> None:
        """Stores the answer. Never raises: what the store does not take is offered again."""
        if not answer.is_stored or await self._closed(answer):
            return
        retry = asyncio.create_task(self._close_later(answer))
        self._retries.add(retry)
        retry.add_done_callback(self._retries.discard)

    async def _close_later(self, answer: PageAnswer) -> None:
        for seconds in RETRY_SECONDS:
            await asyncio.sleep(seconds)
            if await self._closed(answer):
                return
        log.warning("answer_not_kept", extra={"answer": answer.id})

    async def _closed(self, answer: PageAnswer) -> bool:
        try:
            await _in(self._closing, partial(self._close, answer))
        except StoreUnavailable:
            return False
        except Exception:  # readers still wait for the answer's end; a second try would not help
            log.exception("answer_not_kept", extra={"answer": answer.id})
        return True

    def _open(self, asked: Asked) -> Opened | None:
        # Checked in the thread: others waited for one while the first question failed.
        if time.monotonic() < self._resting_until:
            self._database.failed()
            return None
        try:
            opened = open_turns(self._database, asked)
        except StoreUnavailable:
            self._resting_until = time.monotonic() + REST_SECONDS
            return None
        self._files.delete_all(asked.owner, opened.removed_files)
        return opened

    def _close(self, answer: PageAnswer) -> None:
        close_turn(self._database, answer.id, answer.answered())

    async def close_threads(self) -> None:
        """Waits for what is being stored."""
        for retry in self._retries:
            retry.cancel()
        for threads in (self._opening, self._closing):
            await in_daemon(threads.shutdown)


async def _in(threads: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(threads, work)


def replaced_turn(request: PageRequest) -> str:
    """`metadata.replaces`: the turn in whose place this question comes."""
    turn = (request.metadata or {}).get("replaces")
    return turn[:64] if isinstance(turn, str) else ""


def _file_ids(request: PageRequest) -> tuple[str, ...]:
    last = next((message for message in reversed(request.messages) if message.role == "user"), None)
    named = (
        (part.file.file_id for _, part in last.media if isinstance(part, FilePart)) if last else ()
    )
    return tuple(file_id for file_id in named if file_id and FILE_ID.match(file_id))
