"""The direct connection to a client, on real sockets.

These tests are about the fast path alone: they start LimitedHTTPProtocol themselves.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from gateway.chat import sse_response as replies
from gateway.chat.sse_response import SSEResponse
from gateway.errors import InternalError
from gateway.server import limits
from gateway.server.client_connection import CONNECTION
from gateway.server.direct_connection import DirectConnection
from gateway.server.http_protocol import LimitedHTTPProtocol
from gateway.server.limits import MAX_HEAD_BYTES
from gateway.server.request_context import RequestContext

PIECE = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


class Application:
    """Begins a stream and ends it when told. `client` is that of the newest request."""

    def __init__(self) -> None:
        self.client: DirectConnection | None = None
        self.reply: SSEResponse | None = None
        self.begun = asyncio.Event()
        self.over = asyncio.Event()
        self.before_body: list[Callable[[bytes], None] | None] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client: DirectConnection = scope["extensions"][CONNECTION]
        self.client = client
        self.before_body.append(client.write_chunks)
        self.reply = reply = SSEResponse(RequestContext("r", "127.0.0.1", False, "http", client))
        reply.keep_alive()
        await reply.send(b"data: begin\n\n")
        self.begun.set()
        await self.over.wait()
        reply.silence()
        await reply.end()


@asynccontextmanager
async def served(
    application: Application,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, DirectConnection]]:
    """A client whose request is being answered."""
    config = uvicorn.Config(application, http=LimitedHTTPProtocol, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: LimitedHTTPProtocol(config, state, {}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=1024)
    try:
        writer.write(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
        await application.begun.wait()
        assert application.client is not None
        yield reader, writer, application.client
    finally:
        application.over.set()
        writer.close()
        server.close()
        for task in tuple(state.tasks):
            await task


class Whole:
    """Answers at once with a whole response that has `headers`."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.headers = list(headers)
        self.refused: ValueError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client: DirectConnection = scope["extensions"][CONNECTION]
        try:
            await client.respond(self.headers, b"{}")
        except ValueError as refused:
            self.refused = refused
            raise


async def answers_to(application: ASGIApp, *requests: bytes) -> list[bytes]:
    """Returns the response to each request on one connection, until the connection ends."""
    config = uvicorn.Config(
        application, http=LimitedHTTPProtocol, lifespan="off", log_config=None, date_header=False
    )
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: LimitedHTTPProtocol(config, ServerState(), {}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        told = []
        for request in requests:
            writer.write(request)
            try:
                told.append(await reader.readuntil(b"\r\n\r\n{}"))
            except asyncio.IncompleteReadError as ended:
                told.append(ended.partial)
        return told
    finally:
        writer.close()
        server.close()


def is_open(client: DirectConnection) -> bool:
    return client.write_chunks is not None


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_slow_client_takes_no_chunks_until_it_has_taken_what_was_written() -> None:
    async with served(Application()) as (reader, _, client):
        count = 0
        while (write := client.write_chunks) is not None:
            write(PIECE)
            count += 1
            assert count < 1000, "64 MB that nobody reads"
        await reader.readuntil(b"begin\n\n\r\n")
        for _ in range(count):
            assert await reader.readexactly(len(PIECE)) == PIECE
        await until(lambda: client.write_chunks is not None)


async def test_chunks_may_be_written_from_the_body_to_the_end_of_its_own_response() -> None:
    application = Application()
    async with served(application) as (reader, writer, first):
        assert first.write_chunks is not None
        application.begun.clear()
        application.over.set()
        await reader.readuntil(b"\r\n0\r\n\r\n")
        assert not is_open(first)
        application.over.clear()
        writer.write(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
        await application.begun.wait()
        assert application.client is not first
        assert application.before_body == [None, None], (
            "a head that is not out yet is not overtaken"
        )
        assert first.write_chunks is None


async def test_a_response_ends_with_its_last_events() -> None:
    application = Application()
    async with served(application) as (reader, _, client):
        assert application.reply is not None
        held = application.reply.push(b"data: last\n\n", last=True)
        assert held is not None
        await held
        assert await reader.readuntil(b"last\n\n\r\n0\r\n\r\n")
        assert application.reply.ended
        assert client.write_chunks is None
        await application.reply.fail(InternalError("nobody hears this"))
        await application.reply.end()

    application = Application()
    async with served(application) as (reader, _, client):
        assert application.reply is not None
        count = 0
        while (write := client.write_chunks) is not None:
            write(PIECE)
            count += 1
        held = application.reply.push(b"data: last\n\n", last=True)
        assert held is not None
        waiting = asyncio.ensure_future(held)
        await asyncio.sleep(0.1)
        assert not application.reply.ended
        await reader.readuntil(b"begin\n\n\r\n")
        for _ in range(count):
            await reader.readexactly(len(PIECE))
        await waiting
        assert await reader.readuntil(b"last\n\n\r\n0\r\n\r\n")
        assert application.reply.ended


@pytest.mark.parametrize(
    ("behind", "stays"),
    [(b"\r\n", True), (b"GET / HT", True), (b"\x16\x03 nonsense\r\n\r\n", False),
     (b"GET http://a:99999/ HTTP/1.1\r\nhost: here\r\n\r\n", False)],
)  # fmt: skip
async def test_what_comes_behind_a_request_writes_nothing_into_its_response(
    monkeypatch: pytest.MonkeyPatch, behind: bytes, stays: bool
) -> None:
    monkeypatch.setattr(limits, "HEAD_SECONDS", 0.2)
    application = Application()
    async with served(application) as (reader, writer, client):
        writer.write(behind)
        await asyncio.sleep(0.5)
        for _ in range(0 if stays else 4):
            writer.write(b"x" * 50_000)
            await asyncio.sleep(0.05)
        assert client.write_chunks is not None
        client.write_chunks(b"8\r\ndata: x\n\r\n")
        application.over.set()
        assert (await reader.readuntil(b"\r\n0\r\n\r\n")).endswith(
            b"begin\n\n\r\n8\r\ndata: x\n\r\n0\r\n\r\n"
        )
        if behind == b"\r\n":
            writer.write(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
            assert (await reader.readuntil(b"\r\n0\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
        rest = await reader.read(-1)
        assert rest.startswith(b"HTTP/1.1 408") if stays and behind != b"\r\n" else rest == b""


async def test_few_requests_may_wait_on_one_connection() -> None:
    """A read of 64 KB holds 2,000 of them: to take them all would stop everybody else."""
    asked: list[str] = []

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        await Whole()(scope, receive, send)

    many = b"".join(b"GET /%d HTTP/1.1\r\nhost: here\r\n\r\n" % n for n in range(1000))
    taken = 1 + limits.MAX_PIPELINED
    answers = await answers_to(answer, many, *[b""] * taken)
    assert asked == [f"/{n}" for n in range(taken)]
    assert [one[:15] for one in answers] == [*[b"HTTP/1.1 200 OK"] * taken, b""]


async def test_all_of_a_few_requests_on_each_others_heels_are_answered() -> None:
    few = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n" * (1 + limits.MAX_PIPELINED)
    answers = await answers_to(Whole(), few, *[b""] * limits.MAX_PIPELINED)
    answers += await answers_to(Whole(), b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
    assert [one[:15] for one in answers] == [b"HTTP/1.1 200 OK"] * (2 + limits.MAX_PIPELINED)


async def test_requests_on_each_others_heels_start_apart_over_all_connections() -> None:
    """Sixty connections with nine requests each held up everybody else by 150 ms."""
    started: list[float] = []
    loop = asyncio.get_running_loop()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/behind":
            started.append(loop.time())
        await Whole()(scope, receive, send)

    first = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"
    behind = b"GET /behind HTTP/1.1\r\nhost: here\r\n\r\n"
    told = await asyncio.gather(
        *(answers_to(answer, first + behind * 4, *[b""] * 4) for _ in range(6))
    )
    assert all(len(one) == 5 and b"" not in one for one in told)
    took = max(started) - min(started)
    assert len(started) == 24
    assert took >= (24 - 2) * limits.PIPELINED_SECONDS  # uvloop counts whole milliseconds


async def test_a_body_behind_an_answered_request_is_no_rest_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "LINGER_SECONDS", 0.2)
    application = Application()
    async with served(application) as (reader, writer, _):
        writer.write(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 4\r\n\r\n{}")
        await asyncio.sleep(0.1)
        first, application.over = application.over, asyncio.Event()
        first.set()
        await reader.readuntil(b"\r\n0\r\n\r\n")
        await asyncio.sleep(0.5)
        writer.write(b"  ")
        application.over.set()
        assert (await reader.readuntil(b"\r\n0\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")


async def test_who_has_left_is_written_nothing() -> None:
    async with served(Application()) as (_, writer, client):
        assert is_open(client)
        writer.transport.abort()
        left: list[str] = []
        client.watch(lambda: left.append("at once"))
        await until(lambda: bool(left))
        assert not is_open(client)
        client.watch(lambda: left.append("later"))
        assert left == ["at once", "later"]


async def test_chunks_written_to_the_client_are_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "KEEP_ALIVE_SECONDS", 1.0)
    async with served(Application()) as (reader, _, client):
        loop = asyncio.get_running_loop()

        def write(chunk: bytes) -> None:
            assert client.write_chunks is not None
            client.write_chunks(chunk)

        for _ in range(30):
            write(b"8\r\ndata: x\n\r\n")
            client.wrote_at = loop.time()
            await asyncio.sleep(0.05)
        write(b"8\r\ndata: y\n\r\n")
        said = await reader.readuntil(b"data: y")
        assert b"keep-alive" not in said
        assert b"keep-alive" in await reader.readuntil(b"keep-alive")


async def test_a_whole_answer_goes_out_with_its_head_and_leaves_the_connection_to_the_next() -> (
    None
):
    application = Whole((b"x-request-id", b"1"))
    ask = b"GET / HTTP/1.1\r\nhost: here\r\n"
    first, last = await answers_to(application, ask + b"\r\n", ask + b"connection: close\r\n\r\n")
    head = b"HTTP/1.1 200 OK\r\nx-request-id: 1\r\n"
    assert first == head + b"content-length: 2\r\n\r\n{}"
    assert last == head + b"connection: close\r\ncontent-length: 2\r\n\r\n{}"


async def test_a_header_of_two_lines_is_never_sent() -> None:
    application = Whole((b"x-request-id", b"1\r\nset-cookie: a=b"))
    (told,) = await answers_to(application, b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
    assert application.refused is not None
    assert b"set-cookie" not in told
    assert told.startswith(b"HTTP/1.1 500 ")


async def test_a_head_alone_is_left_to_the_server() -> None:
    ask = b"HEAD / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n"
    (told,) = await answers_to(Whole(), ask)
    assert told.endswith(b"content-length: 2\r\nconnection: close\r\n\r\n")


async def test_a_long_head_is_refused_also_where_it_begins_in_the_read_that_ends_the_request_before() -> (
    None
):
    ask = b"GET / HTTP/1.1\r\nhost: here\r\n"
    long = b"x-long: " + b"x" * MAX_HEAD_BYTES
    first, second = await answers_to(Whole(), ask + b"\r\n" + ask + long, b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 400 ")


async def test_a_target_that_is_no_url_is_refused_on_a_connection_that_was_used_before() -> None:
    good, bad = await answers_to(
        Whole(),
        b"GET / HTTP/1.1\r\nhost: here\r\n\r\n",
        b"GET http://a:99999/ HTTP/1.1\r\nhost: here\r\n\r\n",
    )
    assert good.startswith(b"HTTP/1.1 200 OK")
    assert bad.startswith(b"HTTP/1.1 400")


async def test_a_connection_whose_body_came_after_the_answer_is_not_kept_for_ever() -> None:
    config = uvicorn.Config(Whole(), http=LimitedHTTPProtocol, lifespan="off", log_config=None)
    config.load()
    config.timeout_keep_alive = 0.3  # type: ignore[assignment]  # uvicorn's are whole seconds
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: LimitedHTTPProtocol(config, ServerState(), {}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        for rest in (b"{}", b"{}GET / HT"):
            writer.write(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 2\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n{}")
            await asyncio.sleep(0.1)
            writer.write(rest)
            if rest == b"{}":
                await asyncio.sleep(0.1)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
    finally:
        writer.close()
        server.close()


async def test_an_event_for_a_slow_client_may_be_dropped_unsent() -> None:
    """Its request may be cancelled before anybody waits; warnings are errors in tests."""
    async with served(Application()) as (_, writer, client):
        writer.transport.abort()
        await until(lambda: not is_open(client))
        held = client.write(b"data: x\n\n")
        assert held is not None
        del held
        gc.collect()
