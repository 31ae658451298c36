"""Sends events to their subscribers, as a background task of every gateway."""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from gateway.connectors.problems import Problem
from gateway.errors import GatewayError
from gateway.observability.metrics import Metrics
from gateway.storage.database import Database
from gateway.webhooks.deliveries import DONE, FAILED, Claimed, Deliveries
from gateway.webhooks.old_events import OldEvents
from gateway.webhooks.subscription_file import SubscriptionFile
from gateway.webhooks.subscriptions import Subscription

if TYPE_CHECKING:
    from gateway.webhooks.sender import Reply, Sender

log = structlog.get_logger()
MINUTE, HOUR = 60.0, 3600.0
# Seconds before each further try: together three days.
PAUSES = (
    5.0,
    30.0,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    *(8 * HOUR,) * 8,
)
JITTER = 0.1  # of a pause, so that many lanes do not come back at the same moment
AT_ONCE = 8  # requests to one subscriber, each of another conversation
TIDY_SECONDS = 3600.0
TIDY_AGAIN_SECONDS = 10.0  # where more is left to remove
COUNT_SECONDS = 10.0
# Adds what is not kept with an event: (type, data, ms since 1970) → data.
Complete = Callable[[str, dict[str, Any], int], dict[str, Any]]


def as_it_is(type_: str, data: dict[str, Any], created_at: int) -> dict[str, Any]:
    return data


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds. `lease`: longer than a request takes; afterwards another gateway tries."""

    look: float = 0.5  # for new events and due deliveries
    request: float = 15.0
    lease: float = 30.0
    pauses: tuple[float, ...] = PAUSES


class WebhookWorker:
    """At least once, with one id over all tries, in the order of each conversation. Belongs to one
    event loop; two gateways on one database share the work."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        environ: Mapping[str, str],
        metrics: Metrics,
        pace: Pace | None = None,
        complete: Complete = as_it_is,
    ) -> None:
        """`folder` may hold webhooks.yaml, and need not exist. `complete`: called in a thread."""
        self._file = SubscriptionFile(folder, environ)
        self._ca_file = environ.get("CONNECTOR_CA_FILE", "")
        self._deliveries = Deliveries(database)
        self._old = OldEvents(database)
        self._metrics = metrics
        self._pace = pace or Pace()
        self._complete = complete
        self._sender: Sender | None = None
        self._sending: dict[asyncio.Task[None], Claimed] = {}
        self._busy: dict[str, int] = {}  # requests that run, by subscription
        self._look = asyncio.Event()
        self._tidy_at = self._count_at = 0.0

    def wants(self, type_: str) -> bool:
        """Whether any subscription has events of this type. Cheap; for any thread."""
        return type_ in self._file.wanted

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with webhooks.yaml."""
        return self._file.problems

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        return self._file.current

    async def run(self) -> None:
        """Runs until it is cancelled. A store that does not answer is asked again."""
        try:
            while True:
                self._look.clear()
                with suppress(GatewayError):
                    await self._round()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.look):
                        await self._look.wait()
        finally:
            await self._stop()

    async def _round(self) -> None:
        await asyncio.to_thread(self._file.update)
        await self._tidy()
        subscriptions = self._file.current
        if not subscriptions:
            return
        await asyncio.to_thread(self._deliveries.make, subscriptions)
        for subscription in subscriptions:
            await self._claim(subscription)
        await self._count()

    async def _claim(self, subscription: Subscription) -> None:
        free = AT_ONCE - self._busy.get(subscription.id, 0)
        if free <= 0:
            return
        lease = round(1000 * self._pace.lease)
        claimed = await asyncio.to_thread(self._deliveries.claim, subscription.id, free, lease)
        for one in claimed:
            self._busy[subscription.id] = self._busy.get(subscription.id, 0) + 1
            task = asyncio.create_task(self._deliver(subscription, one))
            self._sending[task] = one
            task.add_done_callback(partial(self._done, subscription.id))

    def _done(self, subscription_id: str, task: "asyncio.Task[None]") -> None:
        """The next one of the conversation may go."""
        self._busy[subscription_id] -= 1
        if not task.cancelled():
            self._sending.pop(task, None)
            if (error := task.exception()) is not None:
                log.error("webhook_failed", exc_info=error)
        self._look.set()

    async def _deliver(self, subscription: Subscription, message: Claimed) -> None:
        if message.is_removed:
            await asyncio.to_thread(self._deliveries.finish, message, DONE, "deleted")
            return
        try:
            data = await asyncio.to_thread(
                self._complete, message.type, message.data, message.created_at
            )
        except GatewayError:
            return  # the lease runs out, and it is tried again
        reply = await self._client().send(subscription, replace(message, data=data))
        # A store that does not answer: the lease runs out, and the message is sent once more.
        with suppress(GatewayError):
            outcome = await asyncio.to_thread(self._record, subscription, message, reply)
            self._metrics.webhook_deliveries.labels(outcome).inc()

    def _record(self, subscription: Subscription, message: Claimed, reply: "Reply") -> str:
        """Writes what came of a try. Returns the outcome's label."""
        if reply.kind == "delivered":
            self._deliveries.finish(message, DONE)
            return "delivered"
        note = {"id": message.message_id, "host": subscription.host, "reason": reply.error}
        if reply.kind == "gone":
            self._deliveries.end(message, reply.error)
            log.warning("webhook_subscription_ended", **note)
            return "gone"
        if message.tries >= len(self._pace.pauses):
            self._deliveries.finish(message, FAILED, reply.error)
            log.warning("webhook_given_up", tries=message.tries + 1, **note)
            return "failed"
        pause = max(self._pace.pauses[message.tries], reply.retry_after)
        pause *= 1 + random.uniform(0, JITTER)  # noqa: S311 - no secret
        self._deliveries.postpone(message, round(1000 * pause), reply.error)
        log.info("webhook_not_taken", tries=message.tries + 1, pause=round(pause, 1), **note)
        return "retried"

    def _client(self) -> "Sender":
        if self._sender is None:
            # Imported here: HTTPX takes 5 MB that a gateway without subscriptions does without.
            from gateway.webhooks.sender import Sender

            self._sender = Sender(self._pace.request, self._ca_file)
        return self._sender

    async def _tidy(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() >= self._tidy_at:
            self._tidy_at = loop.time() + TIDY_SECONDS
            known = [one.id for one in self._file.current]
            if await asyncio.to_thread(self._old.remove, known):
                self._tidy_at = loop.time() + TIDY_AGAIN_SECONDS

    async def _count(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() >= self._count_at:
            self._count_at = loop.time() + COUNT_SECONDS
            if recalled := await asyncio.to_thread(self._deliveries.recall):
                log.warning("webhooks_recalled", count=recalled)
            self._metrics.outbox_pending.set(await asyncio.to_thread(self._deliveries.pending))

    async def _stop(self) -> None:
        """Breaks off what is being sent; another gateway, or the next start, tries it at once."""
        sending, self._sending = dict(self._sending), {}
        for task in sending:
            task.cancel()
        if sending:
            await asyncio.wait(sending)
        for task, claimed in sending.items():
            if task.cancelled():
                with suppress(GatewayError):
                    await asyncio.to_thread(self._deliveries.release, claimed)
        if self._sender is not None:
            await self._sender.close()
            self._sender = None
