"""The page's questions and answers into the store: read once, at the end, in a thread. What is not kept is answered all the same."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import orjson

from gateway.chat import extras
from gateway.chat.resumable_answers import Answer
from gateway.errors import StoreUnavailable
from gateway.openai.chat_request import FilePart, PageRequest
from gateway.server.daemon_threads import in_daemon
from gateway.storage.database import Database
from gateway.storage.file_store import FILE_ID, FileStore
from gateway.storage.grouped_writes import GroupedWrites
from gateway.storage.turns import (
    Answered,
    AnswerRow,
    Asked,
    Opened,
    QuestionRow,
    answer_row,
    close_all,
    open_all,
    question_row,
)
from gateway.throttling.one_per_owner import OnePerOwner

log = logging.getLogger("sightdesk.store")
Result = TypeVar("Result")

REST_SECONDS = 5.0  # after a failure no question waits for the store
RETRY_SECONDS = (2.0, 10.0, 60.0)  # an answer is worth more tries: its question is kept already
INLINE_CHARACTERS = 8_000  # masked in a millisecond or two; more is masked in a thread


class HistoryRecorder:
    """Questions and answers that come at the same moment are stored in one transaction.

    Each returns after its own commit. A store that does not answer costs the history, never the
    answer.
    """

    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._files = files
        # Threads of its own: a database that hangs must not hold up pictures, nor must answers
        # that wait for it hold up questions.
        self._openings = GroupedWrites(
            "store-opening",
            self._open,
            key_of=lambda question: question.conversation_id,
            characters_of=lambda question: len(question.text),
        )
        self._closings = GroupedWrites(
            "store-closing",
            self._close,
            key_of=lambda answer: answer.answer_id,
            characters_of=lambda answer: answer.characters,
        )
        self._masking = ThreadPoolExecutor(2, "store-masking")
        # One question of each owner at a time, so that no owner fills the queue.
        self._turns = OnePerOwner("question being stored")
        self._resting_until = 0.0
        self._retries: set[asyncio.Task[None]] = set()

    async def open(
        self, request: PageRequest, owner: str, conversation_id: str, answer_id: str
    ) -> Opened | None:
        """None where the store does not answer. Raises NotFound where the conversation is another owner's."""
        asked = Asked(
            owner,
            conversation_id,
            answer_id,
            request.question,
            _file_ids(request),
            replaced_turn(request),
        )
        async with self._turns.turn(owner):
            row = await self._masked(partial(question_row, asked), len(asked.text))
            opened = await self._openings.add(row)
        if opened is None:
            log.warning("question_not_kept", extra={"answer": answer_id})
        elif opened.removed_files:
            await asyncio.to_thread(self._files.delete_all, owner, opened.removed_files)
        return opened

    async def close(self, answer: Answer) -> None:
        """Never raises: an answer that was given is given. What the store does not take now it is offered again later."""
        if not answer.kept:
            return
        try:
            row = await self._masked(partial(_answer_row, answer), answer.size)
        except Exception:  # the reader still waits for the end of the answer
            log.exception("answer_not_kept", extra={"answer": answer.id})
            return
        if await self._closed(row):
            return
        retry = asyncio.create_task(self._close_later(row))
        self._retries.add(retry)
        retry.add_done_callback(self._retries.discard)

    async def _close_later(self, row: AnswerRow) -> None:
        for seconds in RETRY_SECONDS:
            await asyncio.sleep(seconds)
            if await self._closed(row):
                return
        log.warning("answer_not_kept", extra={"answer": row.answer_id})

    async def _closed(self, row: AnswerRow) -> bool:
        """False where it is worth another try."""
        try:
            await self._closings.add(row)
        except StoreUnavailable:
            return False
        except Exception:  # the reader still waits for the end of the answer
            log.exception("answer_not_kept", extra={"answer": row.answer_id})
        return True

    async def _masked(self, work: Callable[[], Result], characters: int) -> Result:
        if characters <= INLINE_CHARACTERS:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._masking, work)

    def _open(self, questions: list[QuestionRow]) -> list[Opened | Exception | None]:
        """In the thread. None for each where the store does not answer, or did not a moment ago."""
        # Looked at here, where questions come that waited while others failed.
        if time.monotonic() >= self._resting_until:
            try:
                return list(open_all(self._database, questions))
            except StoreUnavailable:
                self._resting_until = time.monotonic() + REST_SECONDS
                self._count_failed(len(questions) - 1)  # the database has counted one
        else:
            self._count_failed(len(questions))
        return [None] * len(questions)

    def _close(self, answers: list[AnswerRow]) -> list[Exception | None]:
        """In the thread. Raises StoreUnavailable."""
        try:
            close_all(self._database, answers)
        except StoreUnavailable:
            self._count_failed(len(answers) - 1)  # the database has counted one
            raise
        return [None] * len(answers)

    def _count_failed(self, times: int) -> None:
        for _ in range(times):
            self._database.failed()

    async def close_threads(self) -> None:
        """Waits for what is being stored."""
        for retry in self._retries:
            retry.cancel()
        await self._openings.close()
        await self._closings.close()
        await in_daemon(self._masking.shutdown)


def _answer_row(answer: Answer) -> AnswerRow:
    return answer_row(answer.id, answered_by(answer))


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


def answered_by(answer: Answer) -> Answered:
    """What an answer came to: its words, what was read and cited, and how it ended."""
    answered = Answered("done")
    texts: list[str] = []
    for body in _bodies(answer):
        if body.get("error"):
            answered.state = "failed"
        told = body.get(extras.KEY)
        if isinstance(told, dict):
            _note(answered, told)
        choices = body.get("choices")
        if isinstance(choices, list) and choices:
            answered.model = str(body.get("model") or "") or answered.model
            texts.append(_text(choices[0]))
    answered.text = "".join(texts)
    if not answer.complete:
        answered.state = "stopped" if answer.stopped else "failed"
    return answered


def _bodies(answer: Answer) -> Iterable[dict[str, Any]]:
    for event in [answer.body] if answer.body else answer.events:
        payload = event if answer.body else event.strip().removeprefix(b"data:")
        try:
            body = orjson.loads(payload)
        except ValueError:
            continue  # a comment, or what the engine garbled
        if isinstance(body, dict):
            yield body


def _note(answered: Answered, told: dict[str, Any]) -> None:
    answered.citations = told.get("citations", answered.citations)
    answered.reading = told.get("reading", answered.reading)
    answered.degraded = answered.degraded or bool(told.get("degraded"))


def _text(choice: Any) -> str:
    said = choice.get("delta") or choice.get("message") if isinstance(choice, dict) else None
    content = said.get("content") if isinstance(said, dict) else None
    return content if isinstance(content, str) else ""
