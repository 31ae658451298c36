"""The addresses of a host outlive its name server."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.upstream import host_addresses
from gateway.upstream.host_addresses import HostAddresses


class Names:
    """A name server: `found` is its answer, an OSError a refusal, None silence."""

    def __init__(self) -> None:
        self.found: Sequence[str] | OSError | None = ["10.0.0.1"]
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        if self.found is None:
            await asyncio.Event().wait()
        if isinstance(self.found, OSError):
            raise self.found
        assert self.found is not None
        return self.found


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    made = Names()
    monkeypatch.setattr(host_addresses, "look_up", made)
    monkeypatch.setattr(host_addresses, "FRESH_SECONDS", 0.05)
    monkeypatch.setattr(host_addresses, "WAIT_SECONDS", 0.05)
    return made


@pytest.mark.parametrize("outage", [OSError("try again"), None], ids=["refuses", "silent"])
async def test_the_last_addresses_serve_while_the_name_server_is_away(
    names: Names, outage: OSError | None
) -> None:
    host = HostAddresses("engine", 3001)
    assert await host.get() == ["10.0.0.1"]
    names.found = outage
    for _ in range(5):
        await asyncio.sleep(0.06)
        assert await host.get() == ["10.0.0.1"]
    assert names.asked == (2 if outage is None else 6), "one lookup at a time"


async def test_a_failed_connection_makes_the_name_be_looked_up(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_addresses, "FRESH_SECONDS", 60)
    host = HostAddresses("engine", 3001)
    await host.get()
    names.found = ["10.0.0.2"]
    assert await host.get() == ["10.0.0.1"]
    host.doubt()
    assert await host.get() == ["10.0.0.2"]


async def test_a_name_that_was_never_found_fails(names: Names) -> None:
    names.found = OSError("no such name")
    with pytest.raises(OSError, match="no such name"):
        await HostAddresses("engine", 3001).get()


async def test_an_address_is_not_looked_up(names: Names) -> None:
    host = HostAddresses("127.0.0.1", 3001)
    host.doubt()
    assert await host.get() == ("127.0.0.1",)
    assert names.asked == 0
