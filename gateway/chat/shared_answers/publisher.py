"""Publishes this gateway's answers while they are written."""

import asyncio
import math
import time
from dataclasses import dataclass
from typing import Any

import structlog

from gateway.chat.page_answer import PageAnswer
from gateway.chat.shared_answers.form import Head, Part, alive_key, answer_key
from gateway.errors import QueueFull, release_frames
from gateway.storage.owners import digest
from gateway.throttling.redis_client import FAILURES

log = structlog.get_logger()
ROUND_SECONDS = 0.2  # between two looks at what the answers have more: a quick one costs two calls
REDIS_SECONDS = 2.0  # for one round
BEAT_SECONDS = 1.0
ALIVE_SECONDS = 3.5  # a gateway that has not renewed its name for so long counts as dead
KEEP_SECONDS = 120  # the stream of a gateway that died
RENEW_SECONDS = 30.0
MAX_BYTES = 32 * 1024 * 1024  # of a gateway's answers in Redis


@dataclass(slots=True)
class Published:
    """What the stream of an answer has."""

    answer: PageAnswer
    head: Head
    count: int = 0  # events
    size: int = 0  # bytes
    is_there: bool = False
    renew_at: float = 0.0

    def next_part(self) -> Part | None:
        """What is new. A claim takes events back that no reader had got: `answer.cut`."""
        answer = self.answer
        cut = answer.cut if answer.finished else None
        first = self.count if cut is None else min(self.count, cut)
        events = tuple(answer.events[first:])
        if self.is_there and not events and not answer.finished:
            return None
        return Part(first, events, cut, answer.finished, answer.error)

    def give_up(self) -> Part:
        """In place of what would be too much for Redis."""
        error = QueueFull(
            f"The memory for answers of other gateways is full (limit {MAX_BYTES} bytes).",
            retry_after=5,
            details={"limit": MAX_BYTES},
        )
        return Part(self.count, (), is_last=True, error=error)

    def takes(self, part: Part) -> None:
        self.is_there = True
        self.count = part.end
        self.size += part.size


class AnswerPublisher:
    """Belongs to one event loop. `run` is a background task."""

    def __init__(self, client: Any, name: str, grace: float) -> None:
        """`name`: this gateway's. `grace`: RESUME_GRACE, in seconds."""
        self._client = client
        self._name = name
        self._grace = max(1, math.ceil(grace))
        self._running: dict[str, Published] = {}
        self._size = 0  # bytes of all answers that Redis still has
        self._beat_at = 0.0
        self._is_away = False

    def start(self, answer: PageAnswer) -> None:
        head = Head(self._name, digest(answer.owner), answer.conversation_id)
        self._running[answer.id] = Published(answer, head)

    def was_read(self, answer: PageAnswer) -> None:
        """A reader elsewhere has what is published."""
        if published := self._running.get(answer.id):
            answer.mark_read(published.count)

    async def run(self) -> None:
        """Until it is cancelled. While Redis is away, what it misses is kept: `answer` has it."""
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            try:
                async with asyncio.timeout(REDIS_SECONDS):
                    await self._round()
            except FAILURES as error:
                self._note_failure(error)
                release_frames(error)
                await asyncio.sleep(BEAT_SECONDS)
            else:
                self._note_success()

    async def close(self) -> None:
        """At the end of the process: the ends of its answers."""
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                await self._round()
                await self._client.delete([alive_key(self._name)])
        except FAILURES as error:
            self._note_failure(error)
        self._client.connection_pool.disconnect()

    async def _round(self) -> None:
        now = time.monotonic()
        parts = self._parts()
        if not parts and now < self._beat_at:
            return
        pipe = await self._client.pipeline(transaction=False)
        if now >= self._beat_at:
            self._beat_at = now + BEAT_SECONDS
            pipe.set(alive_key(self._name), b"1", px=int(ALIVE_SECONDS * 1000))
            self._renew(pipe, now)
        added = [(one, part, self._add(pipe, one, part, now)) for one, part in parts]
        results = await pipe.execute()
        for one, part, place in added:
            self._took(one, part, is_there=results[place] is not None)

    def _parts(self) -> list[tuple[Published, Part]]:
        size, found = self._size, []
        for one in self._running.values():
            if (part := one.next_part()) is None:
                continue
            if size + part.size > MAX_BYTES:
                log.warning("answer_not_shared", answer=one.answer.id, limit=MAX_BYTES)
                part = one.give_up()
            size += part.size
            found.append((one, part))
        return found

    def _renew(self, pipe: Any, now: float) -> None:
        for one in self._running.values():
            if one.is_there and now >= one.renew_at:
                pipe.expire(answer_key(one.answer.id), KEEP_SECONDS)
                one.renew_at = now + RENEW_SECONDS

    def _add(self, pipe: Any, one: Published, part: Part, now: float) -> int:
        """Returns the place of its result. A stream that is gone is not made anew: Redis was
        restarted, and the answer begins again."""
        key = answer_key(one.answer.id)
        pipe.xadd(key, part.fields(one.head), nomkstream=one.is_there or None)
        place = len(pipe) - 1
        if part.is_last or not one.is_there:
            pipe.expire(key, self._grace if part.is_last else KEEP_SECONDS)
            one.renew_at = now + RENEW_SECONDS
        return place

    def _took(self, one: Published, part: Part, *, is_there: bool) -> None:
        if not is_there:
            one.is_there, one.count = False, 0
            return
        one.takes(part)
        self._size += part.size
        if part.is_last:
            del self._running[one.answer.id]
            asyncio.get_running_loop().call_later(self._grace, self._give_back, one.size)

    def _give_back(self, size: int) -> None:
        self._size -= size

    def _note_failure(self, error: BaseException) -> None:
        if not self._is_away:
            log.warning("answers_not_shared", reason=type(error).__name__)
        self._is_away = True

    def _note_success(self) -> None:
        if self._is_away:
            log.warning("answers_shared_again")
        self._is_away = False
