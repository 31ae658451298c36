"""PostgreSQL tells every gateway of new events at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from gateway.chat import conversation_streams
from gateway.chat.conversation_streams import ConversationStreams, Stream
from gateway.storage import event_notices
from gateway.storage.database import Database, open_database
from gateway.storage.event_log import EventLog
from gateway.storage.event_notices import EventNotices
from gateway.storage.events import record_event
from tests.support.databases import ME, ask, emptied
from tests.support.postgres import Postgres

NEVER = 600.0
CONVERSATION = "conversation-1"


@pytest.fixture
def two(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Database, Database]]:
    """Two gateways' databases; neither gateway looks for events without a notice."""
    monkeypatch.setattr(conversation_streams, "LOOK_SECONDS", NEVER)
    monkeypatch.setattr(conversation_streams, "IDLE_SECONDS", NEVER)
    url = emptied(postgres)
    mine, other = open_database(url, lambda: None), open_database(url, lambda: None)
    ask(mine, 1)
    yield mine, other
    mine.close()
    other.close()


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[tuple[EventNotices, ConversationStreams]]:
    notices = EventNotices(database)
    streams = ConversationStreams(EventLog(database), notices)
    tasks = [asyncio.create_task(work) for work in (notices.run(), streams.run())]
    await until(notices, is_listening=True)
    yield notices, streams
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(notices: EventNotices, *, is_listening: bool) -> None:
    async with asyncio.timeout(10):
        while notices.is_listening != is_listening:
            await asyncio.sleep(0.01)


async def next_number(stream: Stream) -> int:
    async with asyncio.timeout(20):
        async for event in stream.read():
            return int(event.data["n"])
    raise AssertionError("the stream was ended")


def happen(database: Database, n: int) -> None:
    with database.connected() as connection:
        record_event(connection, "action.done", CONVERSATION, {"n": n})


async def test_an_event_of_another_gateway_arrives_without_a_look(
    two: tuple[Database, Database],
) -> None:
    mine, other = two
    async with listening(mine) as (_, streams):
        stream, _ = await streams.open(ME, CONVERSATION, None)
        for n in range(3):
            started = time.monotonic()
            await asyncio.to_thread(happen, other, n)
            assert await next_number(stream) == n
            assert time.monotonic() - started < 10  # a look would take 600 s


async def test_events_are_looked_for_while_the_connection_is_gone_and_told_again_after(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_notices, "AGAIN_SECONDS", 1.0)
    monkeypatch.setattr(conversation_streams, "IDLE_SECONDS", NEVER)
    database = open_database(emptied(postgres), lambda: None)
    ask(database, 1)
    async with listening(database) as (notices, streams):
        stream, _ = await streams.open(ME, CONVERSATION, None)
        with database.connected() as connection:
            ended = connection.execute(text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
            ))  # fmt: skip
            assert ended.scalar_one()
        await until(notices, is_listening=False)
        happen(database, 1)
        assert await next_number(stream) == 1
        await until(notices, is_listening=True)
        happen(database, 2)
        assert await next_number(stream) == 2
    database.close()


async def test_an_event_whose_transaction_lasts_arrives_after_it_without_another_notice(
    two: tuple[Database, Database],
) -> None:
    """A later one is told first; its number is not settled while the earlier one may commit."""
    mine, other = two
    async with listening(mine) as (_, streams):
        stream, _ = await streams.open(ME, CONVERSATION, None)
        with other.connected() as connection:
            record_event(connection, "action.done", CONVERSATION, {"n": 1})
            await asyncio.to_thread(happen, mine, 2)
            await asyncio.sleep(0.5)
        assert [await next_number(stream), await next_number(stream)] == [1, 2]
