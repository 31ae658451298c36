"""The client connection through ASGI alone, on uvicorn as it is (SERVER_FAST_PATH=0)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from gateway.server import limits, uvicorn_server
from gateway.server.client_connection import PlainConnection, connection_of
from gateway.server.http_protocol import LimitedHTTPProtocol

ASK = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"
Work = Callable[[PlainConnection], object]


class Application:
    """Does `work` with each request's connection, and notes whether its client left."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.left: list[PlainConnection] = []
        self.done = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = connection_of(scope, receive, send)
        assert isinstance(client, PlainConnection)
        client.watch(lambda: self.left.append(client))
        await self.work(client)  # type: ignore[misc]  # a field, no method
        client.unwatch()
        self.done.set()


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(app, http="h11", lifespan="off", log_config=None, date_header=False)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    async with await loop.create_server(
        lambda: H11Protocol(config, state, {}), "127.0.0.1", 0
    ) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=1024)
        try:
            yield reader, writer
        finally:
            writer.close()
            for task in tuple(state.tasks):
                task.cancel()


async def test_a_stream_is_its_head_its_pieces_and_its_end_and_the_end_is_no_leaving() -> None:
    async def work(client: PlainConnection) -> None:
        await client.begin([(b"x-a", b"1")], b"one")
        await client.write(b"two")
        await client.end(b"three")
        await asyncio.sleep(0.1)

    app = Application(work)
    async with served(app) as (reader, writer):
        writer.write(ASK)
        told = await reader.readuntil(b"0\r\n\r\n")
        await app.done.wait()
    assert told.startswith(b"HTTP/1.1 200 OK\r\nx-a: 1\r\n")
    assert told.endswith(b"3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n")
    assert app.left == []


async def test_a_whole_answer_says_its_length() -> None:
    async def work(client: PlainConnection) -> None:
        await client.respond([], b"{}")

    async with served(Application(work)) as (reader, writer):
        writer.write(ASK)
        told = await reader.readuntil(b"{}")
    assert told == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


async def test_a_client_that_leaves_is_noticed_and_written_nothing_more() -> None:
    async def work(client: PlainConnection) -> None:
        await client.begin([], b"one")
        while not app.left:
            await asyncio.sleep(0.01)
        await client.write(b"two")
        await client.end()

    app = Application(work)
    async with served(app) as (reader, writer):
        writer.write(ASK)
        await reader.readuntil(b"one")
        writer.transport.abort()
        async with asyncio.timeout(10):
            await app.done.wait()
    assert len(app.left) == 1


async def test_a_client_that_takes_nothing_counts_as_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TAKE_SECONDS", 0.2)

    async def work(client: PlainConnection) -> None:
        await client.begin([], b"one")
        while not app.left:
            await client.write(b"x" * 1_000_000)

    app = Application(work)
    async with served(app) as (_, writer):
        writer.write(ASK)
        cast(asyncio.Transport, writer.transport).pause_reading()
        async with asyncio.timeout(20):
            await app.done.wait()
    assert len(app.left) == 1


@pytest.mark.parametrize(("fast_path", "http"), [(True, LimitedHTTPProtocol), (False, "h11")])
def test_the_setting_decides_who_speaks_http(
    monkeypatch: pytest.MonkeyPatch, fast_path: bool, http: object
) -> None:
    served: list[object] = []
    monkeypatch.setattr(
        uvicorn_server.Server, "run", lambda self, sockets: served.append(self.config.http)
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None: ...

    with socket.socket() as listener:
        uvicorn_server.serve(app, listener, fast_path=fast_path)
    assert served == [http]
