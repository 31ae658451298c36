"""The page's questions and answers into the store: read once, at the end, in a thread. What is not kept is answered all the same."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import orjson

from gateway.chat import extras
from gateway.chat.answers import Answer
from gateway.chat.request import FilePart, PageRequest
from gateway.errors import StoreUnavailable
from gateway.files.store import FILE_ID, FileStore
from gateway.store.database import Database
from gateway.store.writing import Answered, Asked, Opened, close_turn, open_turns

log = logging.getLogger("sightdesk.store")
Result = TypeVar("Result")


class Recorder:
    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._files = files
        # Its own threads: a database that hangs must not hold up pictures.
        self._threads = ThreadPoolExecutor(4, "store")

    async def open(self, request: PageRequest, owner: str, conversation_id: str, answer_id: str) -> Opened | None:
        """None where the store does not answer. Raises NotFound where the conversation is another owner's."""
        asked = Asked(owner, conversation_id, answer_id, request.question, _file_ids(request), replaced_turn(request))
        try:
            return await self._run(partial(self._open, asked))
        except StoreUnavailable:
            log.warning("question_not_kept", extra={"answer": answer_id})
            return None

    async def close(self, answer: Answer) -> None:
        """Never raises: an answer that was given is given."""
        try:
            await self._run(partial(self._close, answer))
        except StoreUnavailable:
            log.warning("answer_not_kept", extra={"answer": answer.id})
        except Exception:
            log.exception("answer_not_kept", extra={"answer": answer.id})

    def _open(self, asked: Asked) -> Opened:
        opened = open_turns(self._database, asked)
        self._files.delete_all(asked.owner, opened.removed_files)
        return opened

    def _close(self, answer: Answer) -> None:
        close_turn(self._database, answer.id, answered_by(answer))

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def shut_down(self) -> None:
        self._threads.shutdown()


def replaced_turn(request: PageRequest) -> str:
    """`metadata.replaces`: the turn in whose place this question comes."""
    turn = (request.metadata or {}).get("replaces")
    return turn[:64] if isinstance(turn, str) else ""


def _file_ids(request: PageRequest) -> tuple[str, ...]:
    last = next((message for message in reversed(request.messages) if message.role == "user"), None)
    named = (part.file.file_id for part in last.parts if isinstance(part, FilePart)) if last else ()
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
