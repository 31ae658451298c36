"""What the gateway uses of uvicorn, httptools and transports beyond their documented interfaces.

A test a thing: after an upgrade the name of the failing test says what has changed.
"""

import asyncio
import fcntl
import inspect
import re
import sys
import termios
import tomllib
import weakref
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import httptools
import pytest
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

ASK = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"
Act = Callable[["Watched", RequestResponseCycle], Awaitable[None]]


class Watched(HttpToolsProtocol):
    """uvicorn's protocol, which notes the calls that the gateway overrides."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.calls: list[str] = []

    def on_headers_complete(self) -> None:
        self.calls.append("on_headers_complete")
        self.headers_list = self.headers
        super().on_headers_complete()
        self.headers = []
        self.cycle.scope["extensions"] = {"canary": {}}

    def on_body(self, body: bytes) -> None:
        self.calls.append("on_body")
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.calls.append("on_message_complete")
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.calls.append("on_response_complete")
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        self.calls.append("send_400_response")
        super().send_400_response(msg)

    def pause_writing(self) -> None:
        self.calls.append("pause_writing")
        super().pause_writing()

    def resume_writing(self) -> None:
        self.calls.append("resume_writing")
        super().resume_writing()


async def exchanged(act: Act, *sent: bytes) -> tuple[bytes, Watched, Scope]:
    """Sends `sent`, read by read, to an application that does `act`. Returns what came back."""
    made: list[Watched] = []
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await act(made[0], made[0].cycle)

    config = uvicorn.Config(app, lifespan="off", log_config=None, date_header=False)
    config.load()
    loop = asyncio.get_running_loop()

    def protocol() -> Watched:
        made.append(Watched(config, ServerState(), {}))
        return made[0]

    async with await loop.create_server(protocol, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for data in sent:
            writer.write(data)
            await asyncio.sleep(0.05)
        writer.write_eof()
        async with asyncio.timeout(10):
            told = await reader.read()
        writer.close()
    return told, made[0], scopes[0] if scopes else {}


async def answer(protocol: Watched, cycle: RequestResponseCycle) -> None:
    headers = [(b"content-length", b"2"), (b"connection", b"close")]
    await cycle.send({"type": "http.response.start", "status": 200, "headers": headers})
    await cycle.send({"type": "http.response.body", "body": b"ok", "more_body": False})


def numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


@pytest.mark.parametrize("package", ["uvicorn", "httptools"])
def test_the_installed_version_is_within_the_bounds_that_pyproject_names(package: str) -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))
    wanted = " ".join(project["project"]["optional-dependencies"]["gateway"])
    bounds = re.search(rf"{package}>=([\d.]+),<([\d.]+)", wanted)
    assert bounds is not None
    assert numbers(bounds[1]) <= numbers(version(package)) < numbers(bounds[2])


@pytest.mark.parametrize(
    "name",
    [
        *("_unset_keepalive_if_required", "connection_lost", "connection_made", "data_received"),
        *("on_body", "on_headers_complete", "on_message_complete", "on_response_complete"),
        *("pause_writing", "resume_writing", "send_400_response", "timeout_keep_alive_handler"),
    ],
)
def test_a_protocol_of_uvicorn_has_the_method(name: str) -> None:
    assert inspect.isfunction(getattr(HttpToolsProtocol, name, None))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("cycle", RequestResponseCycle), ("headers", list), ("timeout_keep_alive", int)),
        *(("loop", asyncio.AbstractEventLoop), ("url", bytes)),
    ],
)
async def test_a_protocol_of_uvicorn_has_the_attribute(name: str, kind: type) -> None:
    found: list[object] = []

    async def look(protocol: Watched, cycle: RequestResponseCycle) -> None:
        found.append(getattr(protocol, name))
        await answer(protocol, cycle)

    await exchanged(look, ASK)
    assert isinstance(found[0], kind)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("chunked_encoding", None), ("default_headers", []), ("disconnected", False)),
        *(("expected_content_length", 0), ("keep_alive", True), ("response_started", False)),
        ("waiting_for_100_continue", False),
    ],
)
async def test_a_cycle_of_uvicorn_begins_with_the_attribute(name: str, value: object) -> None:
    found: list[object] = []

    async def look(protocol: Watched, cycle: RequestResponseCycle) -> None:
        found.append(getattr(cycle, name))
        await answer(protocol, cycle)

    await exchanged(look, ASK)
    assert found == [value]


async def test_a_cycle_has_the_protocols_transport_its_flow_and_its_scope() -> None:
    async def look(protocol: Watched, cycle: RequestResponseCycle) -> None:
        assert cycle.transport is protocol.transport
        assert cycle.flow.write_paused is False
        assert cycle.scope["method"] == "GET"
        await answer(protocol, cycle)

    told, _, _ = await exchanged(look, ASK)
    assert told.startswith(b"HTTP/1.1 200")


async def test_a_cycle_can_be_referred_to_weakly_and_lives_as_long_as_its_request() -> None:
    async def look(protocol: Watched, cycle: RequestResponseCycle) -> None:
        weak = weakref.ref(cycle)
        del cycle
        await asyncio.sleep(0)
        found = weak()
        assert found is not None
        await answer(protocol, found)

    told, _, _ = await exchanged(look, ASK)
    assert told.startswith(b"HTTP/1.1 200")


async def test_an_extension_that_is_set_behind_the_head_reaches_the_application() -> None:
    _, _, scope = await exchanged(answer, ASK)
    assert scope["extensions"] == {"canary": {}}


async def test_trailers_go_to_the_list_that_replaced_the_requests_headers() -> None:
    ask = b"POST / HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\n"
    body = b"1\r\na\r\n0\r\nx-trailer: 1\r\n\r\n"

    async def later(protocol: Watched, cycle: RequestResponseCycle) -> None:
        await asyncio.sleep(0.2)
        await answer(protocol, cycle)

    _, protocol, scope = await exchanged(later, ask, body)
    assert protocol.headers == [(b"x-trailer", b"1")]
    assert scope["headers"] is protocol.headers_list
    assert scope["headers"] == [(b"host", b"here"), (b"transfer-encoding", b"chunked")]


async def test_the_protocol_is_called_at_each_step_of_a_request() -> None:
    ask = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 1\r\n\r\na"
    _, protocol, _ = await exchanged(answer, ask)
    steps = ["on_headers_complete", "on_body", "on_message_complete", "on_response_complete"]
    assert protocol.calls == steps


@pytest.mark.parametrize(
    "wrong", [b"\x16\x03 nonsense\r\n\r\n", b"GET http://a:99999/ HTTP/1.1\r\n\r\n"]
)
async def test_what_cannot_be_parsed_goes_to_send_400_response(wrong: bytes) -> None:
    _, protocol, _ = await exchanged(answer, wrong)
    assert "send_400_response" in protocol.calls


async def test_a_parser_error_out_of_on_headers_complete_ends_the_parsing() -> None:
    class Refusing:
        bodies = 0

        def on_headers_complete(self) -> None:
            raise httptools.HttpParserError("too long")

        def on_body(self, body: bytes) -> None:
            self.bodies += 1

    refusing = Refusing()
    parser = httptools.HttpRequestParser(refusing)
    with pytest.raises(httptools.HttpParserError):
        parser.feed_data(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\na")
    assert refusing.bodies == 0


async def test_a_head_may_be_written_past_send_and_chunks_follow_by_it() -> None:
    async def direct(protocol: Watched, cycle: RequestResponseCycle) -> None:
        head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        cycle.transport.writelines((head, b"1\r\na\r\n"))
        cycle.response_started, cycle.chunked_encoding = True, True
        cycle.keep_alive = False
        await cycle.send({"type": "http.response.body", "body": b"b", "more_body": True})
        await cycle.send({"type": "http.response.body", "body": b"", "more_body": False})

    told, protocol, _ = await exchanged(direct, ASK)
    assert told.endswith(b"\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    assert protocol.calls[-1] == "on_response_complete"


async def test_a_whole_body_may_be_written_past_send_and_the_end_by_it() -> None:
    async def direct(protocol: Watched, cycle: RequestResponseCycle) -> None:
        cycle.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        cycle.response_started, cycle.chunked_encoding = True, False
        cycle.keep_alive = False
        await cycle.send({"type": "http.response.body", "body": b"", "more_body": False})

    told, protocol, _ = await exchanged(direct, ASK)
    assert told.endswith(b"\r\n\r\nok")
    assert protocol.calls[-1] == "on_response_complete"


async def test_a_disconnected_cycle_sends_nothing_and_wakes_whoever_receives() -> None:
    heard: list[str] = []

    async def leave(protocol: Watched, cycle: RequestResponseCycle) -> None:
        await cycle.receive()
        waiting = asyncio.create_task(cycle.receive())
        await asyncio.sleep(0)
        cycle.disconnected = True
        cycle.message_event.set()
        heard.append((await waiting)["type"])
        await answer(protocol, cycle)
        protocol.transport.close()

    told, _, _ = await exchanged(leave, ASK)
    assert heard == ["http.disconnect"]
    assert told == b""


def paused(cycle: RequestResponseCycle) -> bool:
    return cycle.flow.write_paused


async def test_a_full_buffer_pauses_the_flow_and_send_waits() -> None:
    async def flood(protocol: Watched, cycle: RequestResponseCycle) -> None:
        protocol.pause_writing()
        assert paused(cycle)
        sending = asyncio.create_task(answer(protocol, cycle))
        await asyncio.sleep(0.05)
        assert not sending.done()
        protocol.resume_writing()
        assert not paused(cycle)
        await sending

    told, _, _ = await exchanged(flood, ASK)
    assert told.endswith(b"ok")


async def test_the_keep_alive_timer_is_set_after_a_response_and_can_be_unset() -> None:
    async def kept(protocol: Watched, cycle: RequestResponseCycle) -> None:
        headers = [(b"content-length", b"0")]
        await cycle.send({"type": "http.response.start", "status": 200, "headers": headers})
        await cycle.send({"type": "http.response.body", "body": b"", "more_body": False})
        timer: object = protocol.timeout_keep_alive_task
        assert isinstance(timer, asyncio.TimerHandle)
        protocol._unset_keepalive_if_required()
        timer = protocol.timeout_keep_alive_task
        assert timer is None
        protocol.transport.close()

    told, _, _ = await exchanged(kept, ASK)
    assert told.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("name", ["run", "shutdown"])
def test_a_server_of_uvicorn_takes_the_sockets(name: str) -> None:
    assert list(inspect.signature(getattr(uvicorn.Server, name)).parameters) == ["self", "sockets"]


@pytest.mark.parametrize(
    "option",
    [
        *("access_log", "h11_max_incomplete_event_size", "http", "log_config", "proxy_headers"),
        *("server_header", "timeout_graceful_shutdown", "timeout_keep_alive", "ws"),
    ],
)
def test_uvicorns_config_has_the_option(option: str) -> None:
    assert option in inspect.signature(uvicorn.Config).parameters


class Heard:
    """Callbacks of a response parser."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.keeps_alive = False
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.calls.append(f"{name.decode()}={value.decode()}")

    def on_headers_complete(self) -> None:
        self.calls.append(str(self.parser.get_status_code()))

    def on_chunk_header(self) -> None:
        self.calls.append("chunk")

    def on_body(self, body: bytes) -> None:
        self.calls.append(body.decode())

    def on_chunk_complete(self) -> None:
        self.calls.append("complete")

    def on_message_complete(self) -> None:
        self.keeps_alive = self.parser.should_keep_alive()


def test_httptools_tells_where_chunks_begin_and_end_and_whether_a_response_keeps_alive() -> None:
    heard = Heard()
    heard.parser.feed_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    assert heard.calls == ["Transfer-Encoding=chunked", "200", "chunk", "abc", "complete"]
    heard.parser.feed_data(b"0\r\n\r\n")
    assert heard.keeps_alive


def test_httptools_refuses_a_chunk_whose_size_is_wrong() -> None:
    heard = Heard()
    heard.parser.feed_data(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    with pytest.raises(httptools.HttpParserError):
        heard.parser.feed_data(b"2\r\nabc\r\n")


def test_uvloops_transport_has_what_is_used_of_it() -> None:
    found: list[int] = []

    async def look() -> None:
        loop = asyncio.get_running_loop()
        over = asyncio.Event()

        class Server(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                stream = cast(asyncio.Transport, transport)  # uvloop's has another base class
                stream.writelines((b"a", b"b"))
                assert stream.can_write_eof()
                assert stream.get_write_buffer_size() >= 0
                number = transport.get_extra_info("socket").fileno()
                left = fcntl.ioctl(number, termios.TIOCOUTQ, bytes(4))
                found.append(int.from_bytes(left, sys.byteorder))
                transport.write_eof()  # type: ignore[attr-defined]  # a TCP connection can
                over.set()

        async with await loop.create_server(Server, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            await over.wait()
            assert await reader.read() == b"ab"
            writer.close()

    uvloop.run(look())
    assert found[0] >= 0
