"""Tools of a real MCP server in a process of its own, which is killed and started again."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx2
import pytest

from gateway.connectors.folder import ConnectorFolder
from gateway.connectors.mcp_session import _Transport
from gateway.connectors.tool import Done, Identity, Refused, Unsure, WrongArguments
from tests.support.connectors import CUSTOMER, TOKEN, opened, reasons_of, tool_of, write
from tests.support.paths import ROOT
from tests.support.servers import free_port
from tests.support.threaded_server import serving

FILE = """
title: {zh: 商城, en: Shop}
mcp:
  url: ${CONNECTOR_URL}/mcp
  tools:
    - {id: track, fields: {waybill: waybill_number}, result: {status: $.status}, say: "{{ status }}"}
    - plain
    - slow
    - large
    - {id: cancel_order, name: cancel, fixed: {user: "{caller.user}"}, confirm: {by: staff}}
read: [track, plain, slow, large]
timeout: 2
"""


@dataclass(slots=True)
class Server:
    port: int
    state: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def effects(self) -> list[str]:
        return self.state.read_text().splitlines() if self.state.exists() else []

    def start(self, **more: str) -> None:
        environ = {**os.environ, "PORT": str(self.port), "STATE": str(self.state), **more}
        command = [sys.executable, "-m", "tests.support.mcp_system"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environ)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(free_port(), tmp_path / "state.txt")
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "connectors"
    made.mkdir()
    write(made, shop=FILE)
    return made


@contextlib.asynccontextmanager
async def watching(folder: ConnectorFolder) -> AsyncIterator[None]:
    task = asyncio.create_task(folder.watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_known(folder: ConnectorFolder, name: str, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while folder.find(name) is None:
            await asyncio.sleep(0.05)


async def test_each_named_tool_is_offered_with_its_schema(server: Server, folder: Path) -> None:
    server.start()
    async with opened(folder, server.url) as connectors, watching(connectors):
        assert any("has not" in one or "does not tell" in one for one in reasons_of(connectors))
        await until_known(connectors, "track")
        assert [tool.name for tool in connectors.offered(CUSTOMER)] == [
            "cancel", "large", "plain", "slow", "track",
        ]  # fmt: skip
        assert "cancel" not in [tool.name for tool in connectors.offered(Identity("", "desk"))]
        assert reasons_of(connectors) == []
        track, cancel = tool_of(connectors, "track"), tool_of(connectors, "cancel")
        assert track.title["en"] == "Track a parcel"
        assert track.description["zh"] == "Where a parcel is."
        assert (track.effect, cancel.effect, cancel.confirm.by) == ("read", "write", "staff")
        assert track.field_of == {"waybill": "waybill_number"}
        assert set(cancel.parameters["properties"]) == {"order"}
        with pytest.raises(WrongArguments):
            cancel.check({"order": "1", "user": "somebody else"})
        assert (await connectors.health())[0]["ok"]


async def test_a_read_a_refusal_a_slow_and_a_large_answer(server: Server, folder: Path) -> None:
    server.start()
    async with opened(folder, server.url) as connectors, watching(connectors):
        await until_known(connectors, "track")
        track = tool_of(connectors, "track")
        done = await track.call({"waybill": "SF1"}, CUSTOMER)
        assert done == Done({"status": "SF1 is in Hangzhou"})
        assert track.say({}, {"status": "here"}, "zh") == "here"
        plain = await tool_of(connectors, "plain").call({"word": TOKEN}, CUSTOMER)
        assert plain == Done({"result": "you said ***"})
        refused = await track.call({"waybill": "unknown"}, CUSTOMER)
        assert isinstance(refused, Refused)
        assert "no such parcel" in refused.reason
        late = await tool_of(connectors, "slow").call({"seconds": 20}, CUSTOMER)
        assert isinstance(late, Unsure)
        assert late.kind == "timeout"
        large = await tool_of(connectors, "large").call({}, CUSTOMER)
        assert isinstance(large, Unsure)
        assert large.kind == "too_large"
        again = await track.call({"waybill": "SF2"}, CUSTOMER)
        assert again == Done({"status": "SF2 is in Hangzhou"})


class Endless(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        with contextlib.suppress(OSError):  # the other side has had enough
            while True:
                self.wfile.write(b"data: more\n\n" * 10_000)

    def log_message(self, format: str, *values: object) -> None:
        pass


async def test_a_stream_without_an_end_is_not_opened_or_is_cut() -> None:
    with serving(Endless) as url:
        transport = _Transport(trust_env=False)
        async with asyncio.timeout(20), httpx2.AsyncClient(transport=transport) as client:
            assert (await client.get(url)).status_code == 405
            with pytest.raises(httpx2.ReadError, match="more than"):
                await client.get(url, headers={"Last-Event-ID": "7"})
        assert transport.overflowed


async def test_a_session_that_dies_is_renewed(server: Server, folder: Path) -> None:
    server.start()
    async with opened(folder, server.url) as connectors, watching(connectors):
        await until_known(connectors, "track")
        track = tool_of(connectors, "track")
        assert isinstance(await track.call({"waybill": "1"}, CUSTOMER), Done)
        server.kill()
        gone = await track.call({"waybill": "1"}, CUSTOMER)
        assert isinstance(gone, Refused)
        assert gone.kind == "unreachable"
        server.start()
        async with asyncio.timeout(30):
            while not isinstance(await track.call({"waybill": "1"}, CUSTOMER), Done):
                await asyncio.sleep(0.3)
        many = await asyncio.gather(*(track.call({"waybill": str(n)}, CUSTOMER) for n in range(20)))
        assert all(isinstance(one, Done) for one in many)


async def test_a_write_is_sent_once_with_its_key_and_for_the_caller(
    server: Server, folder: Path
) -> None:
    server.start()
    async with opened(folder, server.url) as connectors, watching(connectors):
        await until_known(connectors, "cancel")
        cancel = tool_of(connectors, "cancel")
        done = await cancel.call({"order": "QH1"}, CUSTOMER, "act-7")
        assert done == Done({"number": "C1"})
        assert server.effects == ["QH1 mei act-7"]
        said_no = await cancel.call({"order": "shipped"}, CUSTOMER, "act-8")
        assert isinstance(said_no, Unsure)  # an error of a tool does not say what it did before
        assert said_no.kind == "refused"  # so that its own words are told
        assert "already shipped; phone 138****5678" in said_no.reason
        died = await cancel.call({"order": "dies"}, CUSTOMER, "act-9")
        assert isinstance(died, Unsure)
        assert server.effects == ["QH1 mei act-7", "shipped mei act-8", "dies mei act-9"]
        server.kill()
        nobody = await cancel.call({"order": "QH2"}, CUSTOMER, "act-10")
        assert isinstance(nobody, Refused)
        assert nobody.kind == "unreachable"


async def test_a_server_that_comes_later_and_a_tool_that_is_not_there(
    server: Server, folder: Path
) -> None:
    write(folder, shop=FILE.replace("- plain", "- plain\n    - grown"))
    async with opened(folder, server.url) as connectors, watching(connectors):
        await asyncio.sleep(1)
        assert connectors.find("track") is None
        assert not (await connectors.health())[0]["ok"]
        server.start()
        await until_known(connectors, "track")
        assert any("grown: the system has no tool" in one for one in reasons_of(connectors))
