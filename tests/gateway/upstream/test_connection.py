"""A cancelled answer counts as running until the engine has closed its connection."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from gateway.upstream import connection
from gateway.upstream.faults import ConnectFailed
from gateway.upstream.http1 import Response
from gateway.upstream.pool import Pool
from gateway.upstream.request_body import Body, DataURL

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Places:
    """A place as the wire knows it."""

    def __init__(self) -> None:
        self.taken = 0
        self.free = asyncio.Event()

    def take(self) -> None:
        self.taken += 1
        self.free.clear()

    def give_back(self) -> None:
        self.taken -= 1
        self.free.set()


@asynccontextmanager
async def engine(serve: Serve) -> AsyncIterator[Pool]:
    over = asyncio.Event()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"3\r\nabc\r\n")
        await serve(reader, writer)
        writer.close()
        over.set()

    async with await asyncio.start_server(served, "127.0.0.1", 0) as server:
        yield Pool(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", 2.0)
        await over.wait()


async def begun(pool: Pool, places: Places, body: Body | None = None) -> Response:
    response = await pool.request("POST", "/", {}, body or Body({}), 5.0, places)
    assert await response.read() == b"abc"
    return response


async def test_the_place_is_free_when_the_engine_closes_its_side() -> None:
    async def slow_to_notice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.write(
            b"3\r\ndef\r\n" * 50_000
        )  # what it had not sent yet: nobody reads it, and nothing waits for that
        await asyncio.sleep(0.4)

    places = Places()
    async with engine(slow_to_notice) as pool:
        response = await begun(pool, places)
        left = time.monotonic()
        response.close()
        assert places.taken == 1
        assert not pool.active
        await asyncio.wait_for(places.free.wait(), 1.5)
        assert time.monotonic() - left > 0.3
        assert places.taken == 0


async def test_an_engine_hears_at_once_that_it_was_hung_up_on() -> None:
    heard = asyncio.get_running_loop().create_future()

    async def notices(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        heard.set_result(time.monotonic())

    async with engine(notices) as pool:
        response = await begun(pool, Places())
        left = time.monotonic()
        response.close()
        assert await heard - left < 0.1


async def test_an_engine_that_never_lets_go_loses_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "LEAVE_SECONDS", 0.3)
    reset = asyncio.Event()

    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        with pytest.raises(ConnectionError):
            while True:
                writer.write(b"3\r\ndef\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        reset.set()

    places = Places()
    async with engine(hangs) as pool:
        (await begun(pool, places)).close()
        await asyncio.wait_for(places.free.wait(), 1)
        assert places.taken == 0
        await asyncio.wait_for(reset.wait(), 1)


async def test_an_engine_that_does_not_take_the_whole_question_is_not_waited_for() -> None:
    """There is no way to close our side behind what it does not read."""

    async def takes_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await places.free.wait()

    places = Places()
    async with engine(takes_nothing) as pool:
        huge = Body({"url": DataURL(bytes(20_000_000), "image/png")})
        response = await begun(pool, places, huge)
        response.close()
        assert places.taken == 1
        await asyncio.wait_for(places.free.wait(), 1)
        assert places.taken == 0


async def test_a_whole_answer_takes_no_place_and_its_connection_serves_again() -> None:
    async def ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"0\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"0\r\n\r\n")
        await reader.read()

    places = Places()
    async with engine(ends) as pool:
        response = await begun(pool, places)
        assert await response.read() == b""
        response.close()
        again = await pool.request("POST", "/", {}, Body({}), 5.0, places)
        assert again is response
        assert await again.read() == b""
        again.close()
        assert places.taken == 0
        pool.drop()


async def test_time_in_which_the_gateway_was_busy_does_not_count_against_the_engine() -> None:
    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"0\r\n\r\n")

    async def busy() -> None:
        """Each turn of the event loop takes longer than a connection may."""
        while True:
            time.sleep(0.3)
            await asyncio.sleep(0)

    async with engine(answers) as pool:
        pool._connect_timeout = 0.2
        working = asyncio.create_task(busy())
        response = await begun(pool, Places())
        working.cancel()
        assert await response.read() == b""
        response.leave()


async def test_an_engine_that_takes_no_connection_is_given_up_in_time() -> None:
    with socket.socket() as full:  # its queue is full after one or two
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        pool = Pool(f"http://127.0.0.1:{address[1]}", 0.2)
        started = time.monotonic()
        with pytest.raises(ConnectFailed, match=r"no connection within 0\.2 s"):
            await pool.request("GET", "/", {}, None, 5.0)
        assert time.monotonic() - started < 10
        for one in waiting:
            one.close()


@pytest.mark.parametrize("turns", range(1, 10))
async def test_a_connection_that_comes_when_nobody_waits_any_longer_is_closed(turns: int) -> None:
    there: list[asyncio.StreamReader] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.append(reader)
        await reader.read()
        there.remove(reader)
        writer.close()

    async with await asyncio.start_server(served, "127.0.0.1", 0) as server:
        pool = Pool(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", 2.0)
        asking = asyncio.create_task(pool.request("GET", "/", {}, None, 5.0))
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.sleep(0.05)
        async with asyncio.timeout(2):
            while there:
                await asyncio.sleep(0.01)
        assert not pool.active
