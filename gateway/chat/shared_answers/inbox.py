"""What other gateways ask of this one about its answers."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from coredis.tokens import PureToken

from gateway.chat.page_answer import PageAnswer
from gateway.chat.shared_answers.form import Fields, asked_key
from gateway.errors import release_frames
from gateway.handoffs.claims import Claims
from gateway.throttling.redis_client import FAILURES

BLOCK_MS = 2000
PAUSE_SECONDS = 1.0  # after a failure
READER_SECONDS = 15.0  # a reader elsewhere that has not told for so long is gone
KEEP_SECONDS = 60  # of what nobody reads
MOST = 1000  # entries


Handover = Mapping[str, Any]  # as `gateway.handoffs.as_json.brief` makes it


class OwnAnswers(Protocol):
    """`gateway.chat.resumable_answers.ResumableAnswers`."""

    def own(self, answer_id: str) -> PageAnswer | None: ...
    def abort(self, answer: PageAnswer) -> None: ...
    def remote_reader_came(self, answer: PageAnswer) -> None: ...
    def remote_reader_left(self, answer: PageAnswer) -> None: ...


class Inbox:
    """Belongs to one event loop. `run` is a background task."""

    def __init__(
        self,
        client: Any,
        name: str,
        answers: OwnAnswers,
        claims: Claims,
        was_read: Callable[[PageAnswer], None],
    ) -> None:
        """`claims`: is told of claims at other gateways, and ends the answers of their
        conversations. `was_read`: called for an answer that a reader elsewhere has."""
        self._client = client
        self._name = name
        self._answers = answers
        self._claims = claims
        self._was_read = was_read
        # By (answer, reader): the answer, and until when its reader counts as there.
        self._readers: dict[tuple[str, str], tuple[PageAnswer, float]] = {}

    async def run(self) -> None:
        """Until it is cancelled. What came while Redis was away is lost with Redis."""
        last: bytes | str = "0-0"
        key = asked_key(self._name)
        while True:
            try:
                found = await self._client.xread({key: last}, count=100, block=BLOCK_MS)
            except FAILURES as error:
                release_frames(error)
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            for entry in found[key.encode()] if found else ():
                last = entry.identifier
                self._take(entry.field_values)
            self._forget_lost_readers()

    async def tell(
        self,
        gateway: str,
        answer_id: str,
        reader: str,
        wish: str,
        claim: Handover | None = None,
    ) -> None:
        """`wish`: `stop`, `read` or `left`. `claim`: the claimed hand-over for which an answer is
        stopped. Raises coredis's errors."""
        fields = {"wish": wish, "answer": answer_id, "reader": reader}
        if claim is not None:
            fields["claim"] = json.dumps(claim)
        pipe = await self._client.pipeline(transaction=False)
        pipe.xadd(asked_key(gateway), fields, trim_strategy=PureToken.MAXLEN, threshold=MOST)
        pipe.expire(asked_key(gateway), KEEP_SECONDS)
        await pipe.execute()

    def _take(self, fields: Fields) -> None:
        answer = self._answers.own(fields[b"answer"].decode())
        if answer is None:
            return
        place = (answer.id, fields[b"reader"].decode())
        match fields[b"wish"]:
            case b"stop":
                if b"claim" in fields:
                    self._claims.changed(json.loads(fields[b"claim"]))
                else:
                    self._answers.abort(answer)
            case b"read":
                if place not in self._readers:
                    self._answers.remote_reader_came(answer)
                self._readers[place] = (answer, time.monotonic() + READER_SECONDS)
                self._was_read(answer)
            case b"left":
                self._left(place)

    def _left(self, place: tuple[str, str]) -> None:
        if found := self._readers.pop(place, None):
            self._answers.remote_reader_left(found[0])

    def _forget_lost_readers(self) -> None:
        now = time.monotonic()
        for place in [place for place, (_, until) in self._readers.items() if until < now]:
            self._left(place)
