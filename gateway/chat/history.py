"""Stores the page's questions and answers. What cannot be stored is answered all the same."""

import asyncio
from contextlib import suppress

import structlog

from gateway.assistant.field_corrections import CorrectedField, merged
from gateway.chat.page_answer import PageAnswer
from gateway.errors import GatewayError, StoreUnavailable
from gateway.openai.chat_request import PageRequest
from gateway.openai.messages import FilePart
from gateway.storage.database import Database
from gateway.storage.field_values import FieldValues, StoredValue
from gateway.storage.file_store import FILE_ID, FileStore
from gateway.storage.turn_store import TurnStore
from gateway.storage.turns import Asked, Opened

log = structlog.get_logger()

RETRY_SECONDS = (2.0, 10.0, 60.0)  # an answer is worth more tries: its question is kept already


class HistoryRecorder:
    """A store that does not answer costs the history, never the answer."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self._store = TurnStore(database)
        self._values = FieldValues(database)
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
            corrections=tuple(
                StoredValue(one.image, one.name, one.value, one.was or "")
                for one in request.corrections or ()
            ),
        )
        opened = await self._store.open(asked)
        if opened is None:
            log.warning("question_not_kept", answer=answer_id)
        elif opened.removed_files:
            await asyncio.to_thread(self._files.delete_all, owner, opened.removed_files)
        return opened

    async def corrections(
        self, request: PageRequest, owner: str, *, is_stored: bool
    ) -> tuple[CorrectedField, ...]:
        """What holds for this question: the conversation's corrections, and the request's own.

        They are looked up for a question with pictures in an earlier conversation only.
        """
        given = [
            CorrectedField(one.image, one.name, one.value, one.was or "")
            for one in request.corrections or ()
        ]
        kept: list[StoredValue] = []
        if is_stored and any(message.media for message in request.messages):
            with suppress(GatewayError):
                kept = await asyncio.to_thread(
                    self._values.of, owner, request.conversation_id or ""
                )
        earlier = [CorrectedField(one.image, one.name, one.value, one.was) for one in kept]
        return tuple(merged(earlier, given))

    async def close(self, answer: PageAnswer) -> None:
        """Stores the answer. Never raises: what cannot be stored now is tried again later."""
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
        log.warning("answer_not_kept", answer=answer.id)

    async def _closed(self, answer: PageAnswer) -> bool:
        """False where it is worth another try."""
        try:
            await self._store.close(answer.id, answer.answered())
        except StoreUnavailable:
            return False
        except Exception:  # readers still wait for the answer's end; a second try would not help
            log.exception("answer_not_kept", answer=answer.id)
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
