"""The folder of connectors changes while the gateway runs."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.connectors.folder import ConnectorFolder
from gateway.connectors.tool import Done
from tests.support.connectors import CUSTOMER, READ, opened, reasons_of, tool_of, write
from tests.support.hostile_system import HostileSystem, hostile_system

LIVE_SECONDS = 2.0
SLACK = 1.0  # for a machine that is busy with other tests


@pytest.fixture
def system() -> Iterator[HostileSystem]:
    with hostile_system() as running:
        yield running


@asynccontextmanager
async def watched(folder: Path, url: str = "http://127.0.0.1:9") -> AsyncIterator[ConnectorFolder]:
    async with opened(folder, url) as connectors:
        task = asyncio.create_task(connectors.watch())
        try:
            yield connectors
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def soon(true: Callable[[], object]) -> None:
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < LIVE_SECONDS + SLACK
        await asyncio.sleep(0.02)


async def test_new_changed_and_removed_files_are_live_within_two_seconds(tmp_path: Path) -> None:
    async with watched(tmp_path) as connectors:
        assert connectors.offered(CUSTOMER) == []
        write(tmp_path, parcel=READ)
        await soon(lambda: connectors.find("parcel"))
        write(tmp_path, parcel=READ.replace("查询物流", "查快递"))
        await soon(lambda: tool_of(connectors, "parcel").title["zh"] == "查快递")
        (tmp_path / "parcel.yaml").rename(tmp_path / "track.yaml")
        await soon(lambda: connectors.find("track") and not connectors.find("parcel"))
        (tmp_path / "track.yaml").unlink()
        await soon(lambda: not connectors.find("track"))


async def test_a_folder_that_is_swapped_removed_and_put_back(tmp_path: Path) -> None:
    first, second, folder = tmp_path / "one", tmp_path / "two", tmp_path / "connectors"
    for made in (first, second):
        made.mkdir()
    write(first, one=READ)
    write(second, two=READ)
    folder.symlink_to(first)
    async with watched(folder) as connectors:
        assert connectors.find("one")
        folder.unlink()
        folder.symlink_to(second)
        await soon(lambda: connectors.find("two") and not connectors.find("one"))
        folder.unlink()
        await soon(lambda: any("no such folder" in one for one in reasons_of(connectors)))
        assert connectors.offered(CUSTOMER) == []
        folder.symlink_to(first)
        await soon(lambda: connectors.find("one") and not reasons_of(connectors))


async def test_a_broken_file_is_named_while_the_others_serve(tmp_path: Path) -> None:
    write(tmp_path, parcel=READ, other=READ)
    async with watched(tmp_path) as connectors:
        write(tmp_path, other="title: [")
        await soon(lambda: reasons_of(connectors))
        assert connectors.find("parcel")
        assert connectors.find("other") is None
        write(tmp_path, other=READ)
        await soon(lambda: connectors.find("other") and not reasons_of(connectors))


async def test_what_is_no_file_holds_nothing_up(tmp_path: Path) -> None:
    write(tmp_path, parcel=READ)
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "gone.yaml").symlink_to("nowhere")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside/up").symlink_to("..")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "dev.yaml").symlink_to("/dev/zero")
    os.symlink("x", os.fsencode(tmp_path) + b"/\xff.yaml")
    started = time.monotonic()
    async with watched(tmp_path) as connectors:
        assert time.monotonic() - started < 1
        assert connectors.find("parcel")
        found = "\n".join(reasons_of(connectors))
        for name in ("pipe.yaml", "loop.yaml", "gone.yaml", "dev.yaml"):
            assert name in found


async def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, parcel=READ, other=READ)
    (tmp_path / "other.yaml").chmod(0)
    if os.access(tmp_path / "other.yaml", os.R_OK):
        pytest.skip("this user reads every file")
    async with watched(tmp_path) as connectors:
        assert connectors.find("parcel")
        assert "other.yaml" in reasons_of(connectors)[0]


async def test_a_call_in_flight_keeps_the_version_that_it_began_with(
    tmp_path: Path, system: HostileSystem
) -> None:
    slow = READ.replace("/PATH/", "/slow/2.5/").replace("timeout: 2", "timeout: 9")
    write(tmp_path, parcel=slow)
    async with watched(tmp_path, system.url) as connectors:
        call = asyncio.create_task(tool_of(connectors, "parcel").call({"waybill": "1"}, CUSTOMER))
        await asyncio.sleep(0.1)
        (tmp_path / "parcel.yaml").unlink()
        await soon(lambda: not connectors.find("parcel"))
        assert not call.done()
        assert await call == Done({"status": "late"})


async def test_two_tools_of_one_name_are_named(tmp_path: Path) -> None:
    write(tmp_path, parcel=READ)
    (tmp_path / "parcel.yml").write_text(READ)
    async with opened(tmp_path) as connectors:
        assert connectors.find("parcel")
        assert reasons_of(connectors) == [
            "parcel.yml:1: parcel: another file has a tool of this name"
        ]


async def test_health_tells_which_system_answers(tmp_path: Path, system: HostileSystem) -> None:
    well, ill = "health: {path: /ok}\n", "health: {path: /status/503}\n"
    write(tmp_path, a=READ, b=READ + well, c=READ + ill)
    async with opened(tmp_path, system.url) as connectors:
        assert [(one["name"], one["ok"], one["reason"]) for one in await connectors.health()] == [
            ("a", True, ""),
            ("b", True, ""),
            ("c", False, "the system answers with HTTP 503"),
        ]


async def test_old_values_are_told_by_the_read_that_the_file_names(
    tmp_path: Path, system: HostileSystem
) -> None:
    change = """
title: {zh: 改地址, en: Change the address}
effect: write
parameters: {properties: {order: {type: string}, address: {type: string}}, required: [order, address]}
request: {method: POST, url: "${CONNECTOR_URL}/keyed", json: {o: "{order}", a: "{address}"}}
current: {connector: order, arguments: {waybill: "{order}"}, values: {address: status}}
notify:
  connector: mail
  arguments: {to: "{{ caller.user }}", text: {zh: "{{ title }}：{{ address }}", en: "{{ title }}"}}
"""
    mail = """
title: {zh: 邮件, en: Mail}
effect: write
parameters: {properties: {to: {type: string}, text: {type: string}}, required: [to, text]}
request: {method: POST, url: "${CONNECTOR_URL}/keyed", json: {to: "{to}", text: "{text}"}}
"""
    write(tmp_path, change=change, mail=mail, order=READ.replace("/PATH", "/ok"))
    async with opened(tmp_path, system.url) as connectors:
        assert reasons_of(connectors) == []
        tool = tool_of(connectors, "change")
        arguments = {"order": "QH1", "address": "杭州"}
        assert await tool.current(arguments, CUSTOMER) == {"address": "ok"}
        outcome = await tool.call(arguments, CUSTOMER, "act-1")
        note = tool.notification(arguments, outcome, CUSTOMER, "zh")
        assert note is not None
        assert (note.connector, note.arguments) == ("mail", {"to": "mei", "text": "改地址：杭州"})
        mailer = tool_of(connectors, "mail")
        mailer.check(note.arguments)
