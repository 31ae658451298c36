"""Engines behind names with several addresses: they come and go without a restart."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from structlog.testing import capture_logs

from gateway.setting_values import EngineURLs
from gateway.upstream import addresses
from gateway.upstream.addresses import EngineAddresses, Resolve, addresses_of
from gateway.upstream.breaker import Breaker
from gateway.upstream.upstream import Upstream


class Names:
    """A resolver whose answers a test sets; an OSError is raised, `None` never comes."""

    def __init__(self, *found: str) -> None:
        self.found: Sequence[str] | OSError | None = found
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        if self.found is None:
            await asyncio.Event().wait()
        if isinstance(self.found, OSError):
            raise self.found
        assert self.found is not None
        return self.found


def make(name: str, url: str, host: str) -> Upstream:
    made = Upstream(name, url, "m", 8192, Breaker(2, 60), 4)
    made.host = host
    return made


class Desk:
    def __init__(self, names: Resolve, *urls: str) -> None:
        self.came: list[str] = []
        self.went: list[str] = []
        self.addresses = EngineAddresses(
            urls,
            make,
            lambda engine: self.came.append(engine.url),
            lambda engine: self.went.append(engine.url),
            names,
        )

    async def look_up(self) -> None:
        for entry in self.addresses._entries:
            await self.addresses.look_up(entry)

    @property
    def engines(self) -> dict[str, str]:
        return {engine.name: engine.url for engine in self.addresses.upstreams}


async def test_a_name_is_as_many_engines_as_it_has_addresses() -> None:
    names = Names("10.0.0.1", "10.0.0.2")
    desk = Desk(names, "http://vllm:3001")
    assert desk.engines == {"engine-1": "http://vllm:3001"}, "before the first lookup"

    await desk.look_up()

    assert names.asked == [("vllm", 3001)]
    assert desk.engines == {
        "engine-1.1": "http://10.0.0.1:3001",
        "engine-1.2": "http://10.0.0.2:3001",
    }
    assert {engine.host for engine in desk.addresses.upstreams} == {"vllm:3001"}


async def test_a_plain_name_with_one_address_stays_one_engine_by_its_name() -> None:
    desk = Desk(Names("10.0.0.1"), "http://vllm:3001")

    await desk.look_up()

    assert desk.engines == {"engine-1": "http://vllm:3001"}
    assert desk.came == desk.went == []


async def test_with_dns_one_address_is_an_engine_too_and_follows_the_name() -> None:
    names = Names("10.0.0.1")
    desk = Desk(names, "dns+http://vllm:3001/engine")

    await desk.look_up()
    assert desk.engines == {"engine-1.1": "http://10.0.0.1:3001/engine"}
    names.found = ("10.0.0.9",)
    await desk.look_up()

    assert list(desk.engines.values()) == ["http://10.0.0.9:3001/engine"]
    assert desk.went == ["http://vllm:3001/engine", "http://10.0.0.1:3001/engine"]


async def test_an_engine_that_stays_is_the_same_object_and_one_that_left_says_so() -> None:
    names = Names("10.0.0.1", "10.0.0.2")
    desk = Desk(names, "dns+http://vllm:3001")
    await desk.look_up()
    stays, leaves = desk.addresses.upstreams
    stays.inflight = leaves.inflight = 2

    names.found = ("10.0.0.1", "10.0.0.3")
    await desk.look_up()

    assert desk.addresses.upstreams[0] is stays
    assert (stays.left, stays.inflight) == (False, 2)
    assert (leaves.left, leaves.inflight) == (True, 2)
    assert leaves not in desk.addresses.upstreams
    # Names stay few: they are labels of metrics.
    names.found = ("10.0.0.1", "10.0.0.4")
    await desk.look_up()
    assert set(desk.engines) <= {"engine-1.1", "engine-1.2", "engine-1.3"}


async def test_a_lookup_that_fails_or_finds_nothing_changes_nothing() -> None:
    names = Names("10.0.0.1", "10.0.0.2")
    desk = Desk(names, "dns+http://vllm:3001")
    await desk.look_up()
    before = dict(desk.engines)

    names.found = OSError("no such name")
    await desk.look_up()
    names.found = ()
    await desk.look_up()

    assert desk.engines == before


async def test_an_outage_of_the_lookup_is_logged_when_it_begins_and_when_it_ends() -> None:
    names = Names("10.0.0.1", "10.0.0.2")
    desk = Desk(names, "dns+http://vllm:3001")
    await desk.look_up()

    with capture_logs() as told:
        for _ in range(2):
            for found in (
                OSError("no such name"),
                OSError("no such name"),
                ("10.0.0.1", "10.0.0.2"),
            ):
                names.found = found
                await desk.look_up()

    events = [(line["event"], line["log_level"]) for line in told]
    outage = [("engine_lookup_failed", "warning"), ("engine_lookup_works", "info")]
    assert events == [*outage, *outage]
    assert told[0]["reason"] == "no such name"


async def test_a_lookup_that_hangs_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "LOOKUP_SECONDS", 0.01)
    names = Names("10.0.0.1")
    names.found = None
    desk = Desk(names, "dns+http://vllm:3001")

    with capture_logs() as told:
        for _ in range(3):
            await desk.look_up()

    assert len(names.asked) == 1
    assert [line["event"] for line in told] == ["engine_lookup_failed"]
    assert desk.engines == {"engine-1": "http://vllm:3001"}


async def test_a_lookup_ends_with_the_task_that_waits_for_it() -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def hanging(host: str, port: int) -> Sequence[str]:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    desk = Desk(hanging, "http://vllm:3001")
    task = asyncio.create_task(desk.addresses.run())
    await asked.wait()
    task.cancel()
    await asyncio.wait((task,))
    await asyncio.wait_for(ended.wait(), 1)


async def test_a_name_is_looked_up_again_every_five_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert addresses.LOOKUP_SECONDS == 5
    monkeypatch.setattr(addresses, "LOOKUP_SECONDS", 0.2)  # the same loop, faster
    names = Names("10.0.0.1")
    desk = Desk(names, "dns+http://vllm:3001", "http://10.0.0.9:3001")
    task = asyncio.create_task(desk.addresses.run())
    try:
        await asyncio.sleep(0.7)
        assert 2 <= len(names.asked) <= 4
        names.found = ("10.0.0.1", "10.0.0.2")
        await asyncio.sleep(0.5)
        assert len(desk.engines) == 3
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def test_ipv6_addresses_are_written_in_brackets() -> None:
    desk = Desk(Names("fd00::1", "fd00::2"), "http://vllm:3001")

    await desk.look_up()

    assert list(desk.engines.values()) == ["http://[fd00::1]:3001", "http://[fd00::2]:3001"]


async def test_more_addresses_than_the_bound_are_left_out() -> None:
    many = [f"10.0.{number // 250}.{number % 250}" for number in range(1500)]
    desk = Desk(Names(*many), "dns+http://vllm:3001")

    await desk.look_up()

    assert len(desk.engines) == addresses.MAX_ADDRESSES


def test_an_address_is_never_looked_up() -> None:
    assert not Desk(Names(), "http://10.0.0.1:3001", "http://[fd00::1]:3001").addresses.may_change
    assert Desk(Names(), "http://10.0.0.1:3001", "http://vllm:3001").addresses.may_change


async def test_a_host_with_addresses_of_both_families_is_asked_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def both(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        four, six = socket.AF_INET, socket.AF_INET6
        return [
            (six, 1, 6, "", ("::1", port, 0, 0)),
            (four, 1, 6, "", ("127.0.0.1", port)),
            (four, 1, 6, "", ("127.0.0.1", port)),
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)

    assert await addresses_of("localhost", 3001) == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("dns+http://vllm:3001/", ("dns+http://vllm:3001",)),
        ("http://a:1, dns+https://b", ("http://a:1", "dns+https://b")),
        ("dns+vllm:3001", None),
        ("dns+ftp://vllm", None),
        ("dns+", None),
    ],
)
def test_the_setting_takes_names_to_look_up(given: str, taken: tuple[str, ...] | None) -> None:
    values = TypeAdapter(EngineURLs)
    if taken is None:
        with pytest.raises(ValidationError, match="dns"):
            values.validate_python(given)
    else:
        assert values.validate_python(given) == taken
