"""What a call of a misbehaving system comes to."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.connectors.circuit import Circuit
from gateway.connectors.tool import Done, Identity, Refused, Unsure
from tests.support.connectors import CUSTOMER, READ, TOKEN, WRITE, opened, tool_of, write
from tests.support.hostile_system import INJECTION, HostileSystem, hostile_system
from tests.support.servers import free_port


@pytest.fixture
def system() -> Iterator[HostileSystem]:
    with hostile_system() as running:
        yield running


async def outcome_of(
    folder: Path, url: str, text: str, **arguments: str
) -> Done | Refused | Unsure:
    write(folder, tool=text)
    async with opened(folder, url) as connectors:
        tool = tool_of(connectors, "tool")
        action = "act-1" if tool.effect == "write" else ""
        return await tool.call(arguments, CUSTOMER, action)


async def read(
    folder: Path, system: HostileSystem, way: str, more: str = ""
) -> Done | Refused | Unsure:
    text = READ.replace("/PATH", f"/{way}") + more
    return await outcome_of(folder, system.url, text, waybill="SF1")


async def written(folder: Path, system: HostileSystem, way: str) -> Done | Refused | Unsure:
    text = WRITE.replace("/PATH", f"/{way}")
    return await outcome_of(folder, system.url, text, invoice="INV1", pin="4711-secret")


async def test_a_read_keeps_what_the_file_names_and_nothing_else(
    tmp_path: Path, system: HostileSystem
) -> None:
    assert await read(tmp_path, system, "ok") == Done({"status": "ok"})
    assert system.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert system.seen[0].path == "/ok/SF1"


async def test_an_empty_list_is_a_record_that_is_not_there(
    tmp_path: Path, system: HostileSystem
) -> None:
    assert await read(tmp_path, system, "no-record") == Refused("nothing was found", "not_found")
    # A write may have had its effect.
    answered = await written(tmp_path, system, "no-record")
    assert isinstance(answered, Unsure)
    assert answered.kind == "nonsense"


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        ("reset-before", "broken"),
        ("reset-after", "broken"),
        ("broken-body", "broken"),
        ("status/500", "server_error"),
        ("status/503", "server_error"),
        ("nonsense", "nonsense"),
        ("empty", "nonsense"),
        ("image", "nonsense"),
        ("redirect", "nonsense"),
        ("huge", "too_large"),
        ("bomb", "too_large"),
        ("slow", "timeout"),
    ],
)
@pytest.mark.parametrize("effect", ["read", "write"])
async def test_a_failure_after_sending_is_unsure(
    tmp_path: Path, system: HostileSystem, way: str, kind: str, effect: str
) -> None:
    call = read if effect == "read" else written
    outcome = await call(tmp_path, system, way)
    assert isinstance(outcome, Unsure)
    assert outcome.kind == kind
    assert outcome.reason
    assert TOKEN not in outcome.reason


@pytest.mark.parametrize("effect", ["read", "write"])
@pytest.mark.parametrize("status", [400, 401, 404, 408, 409, 422, 429])
async def test_a_refusal_has_the_systems_own_words_cut_masked_and_without_secrets(
    tmp_path: Path, system: HostileSystem, effect: str, status: int
) -> None:
    call = read if effect == "read" else written
    outcome = await call(tmp_path, system, f"status/{status}")
    assert isinstance(outcome, Refused)
    assert outcome.kind == "refused"
    assert outcome.reason.startswith("已开票，不能重开。电话 138****5678 Bearer ***")
    assert len(outcome.reason) <= 300


async def test_a_system_that_is_not_there_did_nothing_for_certain(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    for text, arguments in ((READ, {"waybill": "1"}), (WRITE, {"invoice": "1"})):
        outcome = await outcome_of(tmp_path, nobody, text, **arguments)
        assert outcome == Refused("the system cannot be reached", "unreachable")


async def test_a_name_that_does_not_resolve_did_nothing_for_certain(tmp_path: Path) -> None:
    outcome = await outcome_of(tmp_path, "http://nowhere.invalid", WRITE, invoice="1")
    assert isinstance(outcome, Refused)
    assert outcome.kind == "unreachable"


async def test_a_host_that_takes_the_connection_and_says_nothing_ends_at_the_timeout(
    tmp_path: Path, system: HostileSystem
) -> None:
    started = time.monotonic()
    outcome = await read(tmp_path, system, "slow")
    assert isinstance(outcome, Unsure)
    assert 1.9 < time.monotonic() - started < 4


async def test_a_redirect_is_not_followed(tmp_path: Path, system: HostileSystem) -> None:
    with hostile_system() as other:
        system.elsewhere = other.url + "/ok"
        await read(tmp_path, system, "redirect")
        assert other.seen == []


async def test_a_huge_answer_is_left_after_a_megabyte(
    tmp_path: Path, system: HostileSystem
) -> None:
    await read(tmp_path, system, "huge")
    assert system.sent_bytes < 20 * 1024 * 1024


async def test_a_compressed_answer_is_read(tmp_path: Path, system: HostileSystem) -> None:
    assert await read(tmp_path, system, "packed") == Done({"status": "packed"})


async def test_an_answer_that_gives_orders_is_a_value_like_any_other(
    tmp_path: Path, system: HostileSystem
) -> None:
    assert await read(tmp_path, system, "injection") == Done({"status": INJECTION})


async def test_a_secret_in_an_answer_is_hidden(tmp_path: Path, system: HostileSystem) -> None:
    text = READ.replace("/PATH", "/ok").replace("$.status", "$.token")
    outcome = await outcome_of(tmp_path, system.url, text, waybill="SF1")
    assert outcome == Done({"status": "Bearer ***"})


async def test_a_read_is_tried_again_and_a_write_is_not(
    tmp_path: Path, system: HostileSystem
) -> None:
    system.fail_next = 2
    text = READ.replace("/PATH", "/flaky").replace("retries: 0", "retries: 2")
    assert await outcome_of(tmp_path, system.url, text, waybill="1") == Done({"status": "ok"})
    assert len(system.seen) == 3
    system.fail_next = 1
    assert isinstance(await written(tmp_path, system, "flaky"), Unsure)
    assert len(system.seen) == 4


async def test_every_write_sends_its_actions_id_as_key(
    tmp_path: Path, system: HostileSystem
) -> None:
    assert await written(tmp_path, system, "keyed") == Done({"number": "R0001"})
    assert await written(tmp_path, system, "keyed") == Done({"number": "R0001"})
    assert system.effects == [("/keyed", "act-1")]
    assert b'"key": "act-1"' in system.seen[0].body
    assert b'"who": "mei"' in system.seen[0].body


async def test_a_write_that_had_its_effect_and_failed_is_unsure(
    tmp_path: Path, system: HostileSystem
) -> None:
    for way in ("effect/status/500", "effect/reset-after", "effect/slow"):
        assert isinstance(await written(tmp_path, system, way), Unsure)
    assert len(system.effects) == 1  # all three had the key of one action


async def test_the_circuit_opens_after_five_failures_and_one_call_closes_it(
    tmp_path: Path, system: HostileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.connectors.loading.Circuit", lambda: Circuit(5, 0.3))
    write(tmp_path, tool=READ.replace("/PATH", "/flaky"))
    async with opened(tmp_path, system.url) as connectors:
        tool = tool_of(connectors, "tool")
        system.fail_next = 6
        for _ in range(5):
            await tool.call({"waybill": "1"}, CUSTOMER)
        refused = await tool.call({"waybill": "1"}, CUSTOMER)
        assert isinstance(refused, Refused)
        assert refused.kind == "circuit_open"
        assert len(system.seen) == 5
        await asyncio.sleep(0.35)
        first, second = await asyncio.gather(
            tool.call({"waybill": "1"}, CUSTOMER), tool.call({"waybill": "1"}, CUSTOMER)
        )
        assert {type(first), type(second)} == {Unsure, Refused}  # one tried, and it failed
        await asyncio.sleep(0.35)
        assert isinstance(await tool.call({"waybill": "1"}, CUSTOMER), Done)
        assert isinstance(await tool.call({"waybill": "1"}, CUSTOMER), Done)


async def test_a_slow_system_takes_no_place_of_another(
    tmp_path: Path, system: HostileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.connectors.circuit.READS_AT_ONCE", 3)
    write(tmp_path, slow=READ.replace("/PATH", "/slow"), quick=READ.replace("/PATH", "/ok"))
    async with opened(tmp_path, system.url) as connectors:
        slow, quick = tool_of(connectors, "slow"), tool_of(connectors, "quick")
        asked = {"waybill": "9"}
        waiting = [asyncio.create_task(slow.call(asked, CUSTOMER)) for _ in range(120)]
        await asyncio.sleep(0.5)
        assert [one.path for one in system.seen] == ["/slow/9"] * 3
        assert isinstance(await quick.call(asked, CUSTOMER), Done)
        outcomes = await asyncio.gather(*waiting)
        assert not any(isinstance(one, Done) for one in outcomes)
        assert isinstance(await quick.call(asked, CUSTOMER), Done)


async def test_a_refusal_does_not_open_the_circuit(tmp_path: Path, system: HostileSystem) -> None:
    write(tmp_path, tool=READ.replace("/PATH", "/status/404"))
    async with opened(tmp_path, system.url) as connectors:
        tool = tool_of(connectors, "tool")
        for _ in range(8):
            outcome = await tool.call({"waybill": "1"}, CUSTOMER)
            assert isinstance(outcome, Refused)
            assert outcome.kind == "refused"


async def test_the_environments_proxy_is_not_used(
    tmp_path: Path, system: HostileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert isinstance(await read(tmp_path, system, "ok"), Done)


async def test_a_file_without_a_user_is_not_called_for_nobody(
    tmp_path: Path, system: HostileSystem
) -> None:
    write(tmp_path, tool=WRITE.replace("/PATH", "/keyed"))
    async with opened(tmp_path, system.url) as connectors:
        assert connectors.offered(Identity("", "desk")) == []
        assert len(connectors.offered(CUSTOMER)) == 1
        outcome = await tool_of(connectors, "tool").call({"invoice": "1"}, Identity("", "desk"))
        assert isinstance(outcome, Refused)
        assert system.seen == []


async def test_calls_are_counted_by_tool_and_outcome(tmp_path: Path, system: HostileSystem) -> None:
    write(tmp_path, tool=READ.replace("/PATH", "/ok"))
    async with opened(tmp_path, system.url) as connectors:
        tool = tool_of(connectors, "tool")
        await tool.call({"waybill": "1"}, CUSTOMER)
        await tool.call({}, CUSTOMER)
        text = tool.around.metrics.render().decode()
    assert 'sightdesk_tool_calls_total{outcome="done",tool="tool"} 1.0' in text
    assert 'sightdesk_tool_calls_total{outcome="invalid",tool="tool"} 1.0' in text
