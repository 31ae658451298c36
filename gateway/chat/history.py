"""Stores the page's questions and answers. What cannot be stored is answered all the same."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

import orjson

from gateway.chat import extras
from gateway.chat.resumable_answers import Answer
from gateway.errors import StoreUnavailable
from gateway.openai.chat_request import FilePart, PageRequest
from gateway.storage.database import Database
from gateway.storage.file_store import FILE_ID, FileStore
from gateway.storage.turn_store import TurnStore
from gateway.storage.turns import Answered, Asked, Opened

log = logging.getLogger("sightdesk.store")

RETRY_SECONDS = (2.0, 10.0, 60.0)  # an answer is worth more tries: its question is kept already


class HistoryRecorder:
    """A store that does not answer costs the history, never the answer."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self._store = TurnStore(database)
        self._files = files
        self._retries: set[asyncio.Task[None]] = set()

    async def open(
        self, request: PageRequest, owner: str, conversation_id: str, answer_id: str
    ) -> Opened | None:
        """Stores the question and an empty answer. None where the store does not answer.

        Raises NotFound where the conversation is another owner's.
        """
        asked = Asked(
            owner,
            conversation_id,
            answer_id,
            request.question,
            _file_ids(request),
            replaced_turn(request),
        )
        opened = await self._store.open(asked)
        if opened is None:
            log.warning("question_not_kept", extra={"answer": answer_id})
        elif opened.removed_files:
            await asyncio.to_thread(self._files.delete_all, owner, opened.removed_files)
        return opened

    async def close(self, answer: Answer) -> None:
        """Stores the answer. Never raises: what cannot be stored now is tried again later."""
        if not answer.kept or await self._closed(answer):
            return
        retry = asyncio.create_task(self._close_later(answer))
        self._retries.add(retry)
        retry.add_done_callback(self._retries.discard)

    async def _close_later(self, answer: Answer) -> None:
        for seconds in RETRY_SECONDS:
            await asyncio.sleep(seconds)
            if await self._closed(answer):
                return
        log.warning("answer_not_kept", extra={"answer": answer.id})

    async def _closed(self, answer: Answer) -> bool:
        """False where it is worth another try."""
        try:
            await self._store.close(answer.id, answered_by(answer))
        except StoreUnavailable:
            return False
        except Exception:  # readers still wait for the answer's end; a second try would not help
            log.exception("answer_not_kept", extra={"answer": answer.id})
        return True

    async def close_threads(self) -> None:
        """Waits for what is being stored."""
        for retry in self._retries:
            retry.cancel()
        await self._store.shut_down()


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
