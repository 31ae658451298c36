"""Subscriptions in a folder, events in a database, and a worker that is in a hurry."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.observability.metrics import Metrics
from gateway.storage.database import Database
from gateway.storage.event_tables import WebhookDelivery
from gateway.storage.events import record_event
from gateway.webhooks.worker import Pace, WebhookWorker
from tests.support.webhook_receiver import SECRET

ENVIRON = {"CONNECTOR_SECRET": SECRET}
QUICK = Pace(look=0.02, request=0.6, lease=1.0, pauses=(0.05, 0.1, 0.1))
TYPES = "[feedback.given, message.completed, action.done]"


def subscribe(folder: Path, *urls: str, types: str = TYPES) -> Path:
    """Writes webhooks.yaml. Returns the folder."""
    entries = [
        f"- url: {url}\n  events: {types}\n  secret: ${{CONNECTOR_SECRET}}\n" for url in urls
    ]
    new = folder / "webhooks.new"
    new.write_text("".join(entries))
    new.replace(folder / "webhooks.yaml")
    return folder


def happen(
    database: Database, n: int, conversation: str = "conversation-1", type_: str = "feedback.given"
) -> None:
    """One event with the number `n` in its data."""
    with database.connected() as connection:
        record_event(connection, type_, conversation, {"conversation_id": conversation, "n": n})


def worker(database: Database, folder: Path, pace: Pace = QUICK) -> WebhookWorker:
    return WebhookWorker(database, folder, ENVIRON, Metrics("0", "lite"), pace)


@asynccontextmanager
async def working(*workers: WebhookWorker) -> AsyncIterator[None]:
    """The workers run; each has seen its subscriptions."""
    tasks = [asyncio.create_task(one.run()) for one in workers]
    try:
        await asyncio.sleep(0.3)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.3)  # threads that were asking the database give its connection back


async def until(true: Callable[[], Any], seconds: float = 15) -> None:
    """Raises TimeoutError where `true()` does not become true."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(true):
            await asyncio.sleep(0.02)


def deliveries(database: Database) -> list[tuple[str, int, str]]:
    """(state, tries, error) of every delivery, in the order of events."""
    with database.reading() as session:
        wanted = select(WebhookDelivery.state, WebhookDelivery.tries, WebhookDelivery.error)
        ordered = wanted.order_by(WebhookDelivery.event_number, WebhookDelivery.subscription)
        return [(state, tries, error) for state, tries, error in session.execute(ordered)]


def settled(database: Database, count: int) -> bool:
    """Whether there are `count` deliveries and none waits."""
    found = deliveries(database)
    return len(found) == count and all(state != "waiting" for state, _, _ in found)
