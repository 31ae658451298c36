"""Stores the page's questions and answers. What cannot be stored is answered all the same."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from gateway.assistant.field_corrections import CorrectedField, merged
from gateway.chat.page_answer import PageAnswer
from gateway.errors import GatewayError, StoreUnavailable
from gateway.openai.chat_request import PageRequest
from gateway.openai.messages import FilePart
from gateway.storage.database import Database
from gateway.storage.field_values import FieldValues, StoredValue
from gateway.storage.file_store import FILE_ID, FileStore
from gateway.storage.turn_events import Wants, nobody_wants
from gateway.storage.turn_store import TurnStore
from gateway.storage.turns import Asked, Heard, Opened

log = structlog.get_logger()

RETRY_SECONDS = (2.0, 10.0, 60.0)  # an answer is worth more tries: its question is kept already
TICK_SECONDS = 0.5


@dataclass(slots=True)
class Unstored:
    """An answer that the store did not take. `due` is on the event loop's clock."""

    answer: PageAnswer
    due: float
    tries: int = 0


class HistoryRecorder:
    """A store that does not answer costs the history, never the answer."""

    def __init__(
        self,
        database: Database,
        files: FileStore,
        wants: Wants = nobody_wants,
        heard: Heard | None = None,
    ) -> None:
        """`wants`: the types of events that are written of answers. `heard`: called for questions
        in claimed conversations, in their transaction."""
        self._store = TurnStore(database, wants, heard)
        self._values = FieldValues(database)
        self._files = files
        self._unstored: list[Unstored] = []

    async def open(
        self,
        request: PageRequest,
        owner: str,
        conversation_id: str,
        answer_id: str,
        person: str = "",
        *,
        is_new: bool = False,
    ) -> Opened | None:
        """Stores the question and an empty answer; no answer where a person has claimed the
        conversation. None where the store does not answer. `person`: the name that the owner
        signed in with. `is_new`: the conversation's id was made just now.

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
            person=person,
            is_new=is_new,
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

    async def close(self, answer: PageAnswer) -> dict[str, Any] | None:
        """Stores the answer. Never raises: what cannot be stored now is tried again later.

        Returns the hand-over, where a person has claimed the conversation before the answer's end.
        """
        if not answer.is_stored:
            return None
        try:
            return await self._closed(answer)
        except StoreUnavailable:
            self._unstored.append(Unstored(answer, _in(RETRY_SECONDS[0])))
            return None

    async def retry(self) -> None:
        """Tries again what the store did not take, until it is cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = _in(0)
            due = [one for one in self._unstored if one.due <= now]
            for one in due:
                await self._try_again(one)

    async def _try_again(self, one: Unstored) -> None:
        self._unstored.remove(one)
        with suppress(StoreUnavailable):
            await self._closed(one.answer)
            return
        one.tries += 1
        if one.tries == len(RETRY_SECONDS):
            log.warning("answer_not_kept", answer=one.answer.id)
            return
        one.due = _in(RETRY_SECONDS[one.tries])
        self._unstored.append(one)

    async def _closed(self, answer: PageAnswer) -> dict[str, Any] | None:
        """Raises StoreUnavailable where it is worth another try."""
        try:
            return await self._store.close(answer.id, answer.answered())
        except StoreUnavailable:
            raise
        except Exception:  # readers still wait for the answer's end; a second try would not help
            log.exception("answer_not_kept", answer=answer.id)
        return None

    async def close_threads(self) -> None:
        """Waits for what is being stored."""
        await self._store.shut_down()


def _in(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


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
