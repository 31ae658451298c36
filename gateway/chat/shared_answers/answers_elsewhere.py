"""The answers of other gateways: found, followed and stopped from here."""

import asyncio
import secrets
from collections.abc import Iterable
from functools import partial
from typing import Any

from gateway.chat.page_answer import PageAnswer
from gateway.chat.shared_answers.form import Head, answer_key
from gateway.chat.shared_answers.inbox import Handover, Inbox, OwnAnswers
from gateway.chat.shared_answers.publisher import ROUND_SECONDS, AnswerPublisher
from gateway.chat.shared_answers.reader import AWAY, RemoteAnswer
from gateway.chat.silence import ClaimWatch
from gateway.errors import GatewayError, UpstreamUnavailable
from gateway.handoffs.claims import Claims
from gateway.storage.owners import digest
from gateway.throttling.redis_client import FAILURES, redis_client

FIND_SECONDS = 1.0
REPLY_SECONDS = 5.0  # longer than the calls that wait in Redis for something new
STOP_SECONDS = 8.0  # a gateway that died is noticed within five


def connect(url: str) -> Any:
    """A client of its own: it waits in Redis, and rate limits must not wait for it."""
    return redis_client(url, REPLY_SECONDS)


class AnswersElsewhere:
    """Belongs to one event loop."""

    def __init__(self, client: Any, grace: float, answers: OwnAnswers, claims: Claims) -> None:
        """`grace`: RESUME_GRACE, in seconds. `answers`: this gateway's."""
        name = secrets.token_hex(8)
        self.publisher = AnswerPublisher(client, name, grace)
        self.inbox = Inbox(client, name, answers, claims, self.publisher.was_read)
        self._client = client
        self._claims = claims
        self._leaving: set[asyncio.Task[None]] = set()

    def publish(self, answer: PageAnswer) -> None:
        """From now on, until its end."""
        self.publisher.start(answer)

    async def find(self, answer_id: str, owner: str) -> RemoteAnswer | None:
        """Raises UpstreamUnavailable where Redis does not answer."""
        head = await self._head(answer_id)
        if head is None or head.owner != digest(owner):
            return None
        return self._remote(answer_id, head)

    async def stop(self, answer: RemoteAnswer, claim: Handover | None = None) -> None:
        """Returns when what was written is stored. `claim`: why it stops, as its event has it.
        Raises UpstreamUnavailable where the other gateway does not say so in time."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await answer.tell("stop", claim)
                await answer.ended()
        except FAILURES:
            raise UpstreamUnavailable(AWAY, retry_after=1) from None

    async def stop_all(self, answer_ids: Iterable[str], claim: Handover | None) -> None:
        """Those that are still written elsewhere. What cannot be reached ends by itself: its
        conversation is gone, or its gateway hears of the claim by the database."""
        await asyncio.gather(*(self._stop_if_found(one, claim) for one in answer_ids))

    async def _stop_if_found(self, answer_id: str, claim: Handover | None) -> None:
        try:
            if head := await self._head(answer_id):
                await self.stop(self._remote(answer_id, head), claim)
        except GatewayError:
            return

    def left(self, answer: RemoteAnswer) -> None:
        """Its reader, here."""
        task = asyncio.create_task(self._tell_left(answer))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _tell_left(self, answer: RemoteAnswer) -> None:
        try:
            await answer.tell("left")
        except FAILURES:
            return  # the other gateway notices it later

    async def _head(self, answer_id: str) -> Head | None:
        """Raises UpstreamUnavailable where Redis does not answer."""
        head = await self._look_for(answer_id)
        if head is None:  # the answer may have begun since its gateway's last round
            await asyncio.sleep(1.5 * ROUND_SECONDS)
            head = await self._look_for(answer_id)
        return head

    async def _look_for(self, answer_id: str) -> Head | None:
        try:
            async with asyncio.timeout(FIND_SECONDS):
                found = await self._client.xrange(answer_key(answer_id), count=1)
        except FAILURES:
            raise UpstreamUnavailable(AWAY, retry_after=1) from None
        return Head.of(found[0].field_values) if found else None

    def _remote(self, answer_id: str, head: Head) -> RemoteAnswer:
        watch = ClaimWatch(self._claims, head.conversation_id)
        tell = partial(self.inbox.tell, head.gateway, answer_id, secrets.token_hex(8))
        return RemoteAnswer(self._client, answer_id, head, watch, tell)
