"""Many open pages cost one query, and lose and repeat nothing, on both databases."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.chat import conversation_streams
from gateway.chat.conversation_streams import MAX_WAITING, ConversationStreams, Stream
from gateway.errors import NotFound, QueueFull
from gateway.storage.database import Database
from gateway.storage.event_log import EventLog, Told
from gateway.storage.event_notices import EventNotices
from gateway.storage.events import record_event
from tests.support.databases import ME, OTHER, ask


def happen(database: Database, n: int, conversation: str = "conversation-1") -> None:
    with database.connected() as connection:
        record_event(connection, "action.done", conversation, {"n": n})


@asynccontextmanager
async def running(database: Database) -> AsyncIterator[ConversationStreams]:
    streams = ConversationStreams(EventLog(database), EventNotices(database))
    task = asyncio.create_task(streams.run())
    yield streams
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def collect(stream: Stream, missed: list[Told] | None, into: list[int], until: int) -> None:
    assert missed is not None
    into.extend(event.data["n"] for event in missed)
    if until in into:
        return
    async for event in stream.read():
        into.append(event.data["n"])
        if event.data["n"] == until:
            return


async def test_streams_that_open_and_come_back_while_events_are_written_lose_none(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_streams, "LOOK_SECONDS", 0.005)
    ask(database, 1)
    dice = random.Random(20)
    last = 150

    async def page(streams: ConversationStreams) -> list[int]:
        """Breaks off now and then and comes back with the last number that it has."""
        got: list[int] = []
        stream, missed = await streams.open(ME, "conversation-1", 0)
        while True:
            breaks_off = dice.random() < 0.7
            reading = asyncio.create_task(collect(stream, missed, got, last))
            if breaks_off:
                await asyncio.wait((reading,), timeout=dice.random() / 5)
                if not reading.done():
                    reading.cancel()
                    await asyncio.gather(reading, return_exceptions=True)
            else:
                await reading
            at = max([event.number for event in missed or ()], default=0)
            at = max(at, stream.last)
            streams.close(stream)
            if last in got:
                return got
            stream, missed = await streams.open(ME, "conversation-1", at)

    async with running(database) as streams:
        pages = [asyncio.create_task(page(streams)) for _ in range(6)]
        for n in range(last + 1):
            await asyncio.to_thread(happen, database, n)
        async with asyncio.timeout(60):
            found = await asyncio.gather(*pages)
    assert found == [list(range(last + 1))] * 6


async def test_a_thousand_open_streams_cost_one_query_a_look(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_streams, "MAX_OWNER", 1000)
    ask(database, 1)
    looks = 0
    log = EventLog(database)
    live = log.live

    def counted(*given: int) -> list[Told]:
        nonlocal looks
        looks += 1
        return live(*given)

    monkeypatch.setattr(log, "live", counted)
    streams = ConversationStreams(log, EventNotices(database))
    opened = [await streams.open(ME, "conversation-1", None) for _ in range(1000)]
    task = asyncio.create_task(streams.run())
    happen(database, 1)
    got: list[int] = []
    async with asyncio.timeout(30):
        await asyncio.gather(*(collect(stream, missed, got, 1) for stream, missed in opened))
    task.cancel()
    assert got == [1] * 1000
    assert looks == 1


async def test_another_owner_opens_nothing_and_leaves_nothing_open(database: Database) -> None:
    ask(database, 1)
    async with running(database) as streams:
        with pytest.raises(NotFound):
            await streams.open(OTHER, "conversation-1", None)
        assert streams._count == 0


async def test_a_page_that_missed_too_much_gets_none_of_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_streams, "MAX_MISSED", 3)
    ask(database, 1)
    async with running(database) as streams:
        for n in range(4):
            happen(database, n)
        stream, missed = await streams.open(ME, "conversation-1", 0)
        assert missed is None
        _, missed = await streams.open(ME, "conversation-1", stream.last - 3)
        assert [event.data["n"] for event in missed or ()] == [1, 2, 3]


async def test_a_reader_that_is_too_slow_is_ended_and_comes_back_for_the_rest(
    database: Database,
) -> None:
    stream = Stream(ME, "conversation-1")
    for n in range(MAX_WAITING + 1):
        stream.push(Told(n + 1, "action.done", "conversation-1", {"n": n}))
    assert [event async for event in stream.read()] == []


async def test_after_a_stop_nothing_is_opened(database: Database) -> None:
    ask(database, 1)
    async with running(database) as streams:
        stream, _ = await streams.open(ME, "conversation-1", None)
        streams.stop()
        assert [event async for event in stream.read()] == []
        with pytest.raises(QueueFull):
            await streams.open(ME, "conversation-1", None)
