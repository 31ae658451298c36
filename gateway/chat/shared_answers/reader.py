"""An answer that another gateway writes, as this one reads it."""

import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from gateway.chat.openai_stream import error_event
from gateway.chat.shared_answers.form import Head, Part, alive_key, answer_key
from gateway.chat.silence import ClaimWatch
from gateway.errors import GatewayError, UpstreamUnavailable
from gateway.throttling.redis_client import FAILURES

LOOK_MS = 1000  # after so long without an event, it is seen whether the other gateway still runs
RENEW_SECONDS = 5.0  # a reader tells so often that it is there
GONE = "The gateway that wrote this answer has ended; ask again."
AWAY = "Redis does not answer, and another gateway writes this answer; try again."
Tell = Callable[..., Awaitable[None]]  # `Inbox.tell` from its `wish` on


class RemoteAnswer:
    """`read` may be called once."""

    def __init__(
        self,
        client: Any,
        answer_id: str,
        head: Head,
        watch: ClaimWatch,
        tell: Tell,
    ) -> None:
        """`watch`: is asked before events go out."""
        self.error: GatewayError | None = None
        self._client = client
        self._id = answer_id
        self._head = head
        self._watch = watch
        self.tell = tell
        self._renew_at = 0.0

    async def read(self, start: int) -> AsyncGenerator[bytes]:
        """As `PageAnswer.read`: events from number `start` to the end. Raises the answer's error
        if it has no event at all, and UpstreamUnavailable where the other gateway or Redis is gone
        before the first one."""
        number, held, has_events = start, list[bytes](), False
        try:
            async for part in self._parts():
                has_events |= part.end > 0
                new = part.events_from(number)
                number = max(number, part.end)
                if part.cut is not None:
                    held.clear()
                # At the last moment; but an answer that ended before the claim is told whole.
                elif not part.is_last and self._watch.claim() is not None:
                    held += new
                    continue
                if sent := b"".join((*held, *new)):
                    yield sent
                held.clear()
                self.error = part.error
        except GatewayError as error:
            self.error = error
        except FAILURES:
            self.error = UpstreamUnavailable(AWAY, retry_after=1)
        if self.error is not None:
            if not has_events:
                raise self.error
            yield error_event(self.error, wants_extras=True)

    async def ended(self) -> None:
        """Returns when it is stored. Raises as `_parts`."""
        self._renew_at = math.inf  # nobody reads it here
        async for _ in self._parts():
            pass

    async def _parts(self) -> AsyncGenerator[Part]:
        """Raises UpstreamUnavailable where the other gateway is dead, and coredis's errors."""
        last: bytes | str = "0-0"
        number = 0
        while True:
            await self._renew()
            entries = await self._next(last, LOOK_MS)
            if not entries and not await self._is_alive():
                entries = await self._next(last)  # its last words
                if not entries:
                    raise UpstreamUnavailable(GONE, retry_after=1)
            for entry in entries:
                last = entry.identifier
                part = Part.of(entry.field_values)
                if part.first > number:  # Redis has lost what was between
                    raise UpstreamUnavailable(GONE, retry_after=1)
                number = max(number, part.end)
                yield part
                if part.is_last:
                    return

    async def _next(self, last: bytes | str, block: int | None = None) -> tuple[Any, ...]:
        key = answer_key(self._id)
        found = await self._client.xread({key: last}, count=100, block=block)
        return tuple(found[key.encode()]) if found else ()

    async def _is_alive(self) -> bool:
        keys = (alive_key(self._head.gateway), answer_key(self._id))
        return all([await self._client.exists([key]) for key in keys])

    async def _renew(self) -> None:
        if time.monotonic() >= self._renew_at:
            self._renew_at = time.monotonic() + RENEW_SECONDS
            await self.tell("read")
