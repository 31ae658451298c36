"""Stores questions and answers from the event loop: masks them, then commits together what comes
together.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from gateway.errors import StoreUnavailable
from gateway.server.daemon_threads import in_daemon
from gateway.storage.database import Database
from gateway.storage.grouped_writes import GroupedWrites
from gateway.storage.turn_events import Wants, announcement, nobody_wants
from gateway.storage.turn_writes import close_all, open_all
from gateway.storage.turns import (
    Answered,
    AnswerRow,
    Asked,
    Heard,
    Opened,
    QuestionRow,
    answer_row,
    question_row,
)
from gateway.throttling.one_per_owner import OnePerOwner

Row = TypeVar("Row")

REST_SECONDS = 5.0  # after a failure no question waits for the store
SHORT = 8_000  # characters, masked in a millisecond or two; longer texts are masked in a thread


class TurnStore:
    """Belongs to one event loop. Whoever awaits goes on after the commit that holds their turn.

    Questions and answers have a thread each: answers that wait for a database that hangs hold up
    no question. One question of each owner is stored at a time, so that no owner fills the queue.
    """

    def __init__(
        self, database: Database, wants: Wants = nobody_wants, heard: Heard | None = None
    ) -> None:
        """`wants`: the types of events that are written of answers. `heard`: called for questions
        in claimed conversations, in their transaction."""
        self._database = database
        self._heard = heard
        self._wants = wants
        self._questions = GroupedWrites(
            "store-questions",
            self._open,
            key_of=lambda row: row.conversation_id,
            characters_of=lambda row: len(row.text),
        )
        self._answers = GroupedWrites(
            "store-answers",
            self._close,
            key_of=lambda row: row.answer_id,
            characters_of=lambda row: row.characters,
        )
        self._masking = ThreadPoolExecutor(2, "store-masking")
        self._turns = OnePerOwner("question being stored")
        self._resting_until = 0.0

    async def open(self, asked: Asked) -> Opened | None:
        """Stores a question and its empty answer.

        None where the store does not answer, or did not in the last REST_SECONDS. Raises NotFound
        where the conversation is another owner's, InvalidRequest.
        """
        async with self._turns.turn(asked.owner):
            row = await self._made(partial(question_row, asked), len(asked.text) <= SHORT)
            return await self._questions.add(row)

    async def close(self, answer_id: str, answered: Answered) -> dict[str, Any] | None:
        """Fills the answer's turn, unless it was deleted. Where it comes after a person has claimed
        the conversation it is stored as stopped, and the hand-over is returned.

        Raises StoreUnavailable, InvalidRequest.
        """
        is_short = len(answered.text) <= SHORT and not (answered.reading or answered.tools)
        row = await self._made(partial(answer_row, answer_id, answered), is_short)
        return await self._answers.add(row)

    async def shut_down(self) -> None:
        """Waits for what is being stored."""
        await self._questions.close()
        await self._answers.close()
        await in_daemon(self._masking.shutdown)

    async def _made(self, make: Callable[[], Row], is_short: bool) -> Row:
        if is_short:
            return make()
        return await asyncio.get_running_loop().run_in_executor(self._masking, make)

    def _open(self, rows: list[QuestionRow]) -> list[Opened | Exception | None]:
        """In the thread."""
        # Looked at here, where questions come that waited while others failed.
        if time.monotonic() < self._resting_until:
            self._count_failed(len(rows))
            return [None] * len(rows)
        try:
            return list(open_all(self._database, rows, self._heard))
        except StoreUnavailable:
            self._resting_until = time.monotonic() + REST_SECONDS
            self._count_failed(len(rows) - 1)  # the database has counted one
            return [None] * len(rows)

    def _close(self, rows: list[AnswerRow]) -> list[dict[str, Any] | Exception | None]:
        """In the thread. Raises StoreUnavailable, InvalidRequest."""
        try:
            late = close_all(self._database, rows, announcement(rows, self._wants))
        except StoreUnavailable:
            self._count_failed(len(rows) - 1)  # the database has counted one
            raise
        return [late.get(row.answer_id) for row in rows]

    def _count_failed(self, times: int) -> None:
        for _ in range(times):
            self._database.failed()
