"""A background task that fails, hangs or cannot be closed does not disturb the others."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator, MutableMapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from structlog.testing import capture_logs

from gateway.composition.build import build_services
from gateway.composition.lifecycle import running
from gateway.observability.metrics import Metrics
from gateway.server import supervisor
from gateway.server.supervisor import Supervisor, closed
from gateway.settings import load_settings
from tests.support.servers import Running, running_gateway, wait_for

TASKS = (
    "handoffs",
    "retention",
    "tallies",
    "sight",
    "addresses",
    "engines",
    "profile",
    "knowledge",
    "persona",
    "corrections",
    "vectors",
    "sweep",
    "index",
    "answers",
    "backups",
    "actions",
    "connectors",
    "events",
    "webhooks",
    "state",
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.3)
    monkeypatch.setattr(supervisor, "CLOSE_SECONDS", 0.3)


def restarts(metrics: Metrics, task: str) -> float | None:
    return metrics.registry.get_sample_value("sightdesk_task_restarts_total", {"task": task})


Logs = list[MutableMapping[str, Any]]


@pytest.fixture
def logs() -> Iterator[Logs]:
    with capture_logs() as captured:
        yield captured


async def eventually(told: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not told():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_task_that_fails_is_started_again_told_and_counted(logs: Logs) -> None:
    metrics = Metrics("0", "lite")
    kept = Supervisor(metrics)
    began: list[float] = []

    async def failing() -> None:
        began.append(time.monotonic())
        if len(began) < 4:
            raise RuntimeError("the folder fell over")
        await asyncio.sleep(3600)

    assert restarts(metrics, "folder") is None
    kept.start("folder", failing)
    await eventually(lambda: len(began) == 4)
    assert kept.tasks["folder"].state == "running"
    assert kept.tasks["folder"].restarts == restarts(metrics, "folder") == 3
    assert kept.tasks["folder"].reason == "RuntimeError: the folder fell over"
    pauses = [later - earlier for earlier, later in pairwise(began)]
    assert all(pause >= least for pause, least in zip(pauses, (0.01, 0.02, 0.04), strict=True)), (
        "each longer than before"
    )
    told = [line for line in logs if line["event"] == "task_failed"]
    assert len(told) == 3
    assert told[0]["exc_info"]
    await kept.stop()


async def test_a_task_that_returns_or_is_cancelled_from_within_is_started_again() -> None:
    kept = Supervisor(Metrics("0", "lite"))
    ends: list[str] = []

    async def returning() -> None:
        ends.append("returned")

    async def cancelled() -> None:
        ends.append("cancelled")
        raise asyncio.CancelledError

    kept.start("one", returning)
    kept.start("two", cancelled)
    await eventually(lambda: min(ends.count("returned"), ends.count("cancelled")) >= 2)
    await kept.stop()


async def test_a_task_that_is_to_run_once_is_done_when_it_succeeds() -> None:
    kept = Supervisor(Metrics("0", "lite"))
    tries = iter([OSError("no way"), None])

    async def connecting() -> None:
        failure = next(tries)
        if failure:
            raise failure

    await asyncio.wait_for(kept.start("limits", connecting, once=True), 10)
    assert (kept.tasks["limits"].state, kept.tasks["limits"].restarts) == ("done", 1)


async def test_a_pause_starts_over_after_a_task_has_run_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.04)
    kept = Supervisor(Metrics("0", "lite"))
    began: list[float] = []

    async def failing() -> None:
        began.append(time.monotonic())
        await asyncio.sleep(0.06 if len(began) == 5 else 0)
        raise RuntimeError

    kept.start("one", failing)
    await eventually(lambda: len(began) >= 7)
    await kept.stop()
    assert began[4] - began[3] >= 0.04, "no longer than the longest"
    assert kept.tasks["one"].restarts >= 6


async def test_a_task_that_hangs_does_not_hold_up_the_end(logs: Logs) -> None:
    kept = Supervisor(Metrics("0", "lite"))
    let_go = asyncio.Event()

    async def stubborn() -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    ended: list[str] = []

    async def orderly() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("orderly")

    task = kept.start("stubborn", stubborn)
    kept.start("orderly", orderly)
    await asyncio.sleep(0.05)
    started = time.monotonic()
    await kept.stop()
    assert time.monotonic() - started < 5
    assert ended == ["orderly"]
    assert [line["task"] for line in logs if line["event"] == "task_does_not_end"] == ["stubborn"]
    let_go.set()
    await asyncio.wait((task,), timeout=5)
    task.cancel()


async def test_one_that_cannot_be_closed_is_told_and_the_others_are_closed(logs: Logs) -> None:
    shut: list[str] = []

    def failing() -> None:
        raise RuntimeError("the disk is gone")

    async def hanging() -> None:
        await asyncio.sleep(3600)

    started = time.monotonic()
    for name, close in (
        ("failing", failing),
        ("hanging", hanging),
        ("good", lambda: shut.append("good")),
    ):
        await closed(name, close)
    assert time.monotonic() - started < 5
    assert shut == ["good"]
    told = [line["resource"] for line in logs if line["event"] == "close_failed"]
    assert told == ["failing", "hanging"]


async def test_a_desk_closes_everything_whatever_failed_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    settings = load_settings(
        data_dir=tmp_path,
        database_url=f"sqlite:///{tmp_path}/desk.db",
        knowledge_dir=tmp_path / "k",
    )
    services = build_services(settings)
    shut: list[str] = []

    async def failing() -> None:
        raise RuntimeError("the answers cannot be stored")

    def noted(name: str, close: Callable[[], Any]) -> Callable[[], Any]:
        def closing() -> Any:
            shut.append(name)
            return close()

        return closing

    monkeypatch.setattr(services.answers, "close", failing)
    for name, one in (
        ("database", services.storage.database),
        ("reader", services.media.ocr_client),
        ("client", services.engines.client),
        ("limiter", services.throttling.limiter),
    ):
        monkeypatch.setattr(one, "close", noted(name, one.close))
    with pytest.raises(RuntimeError, match="in the middle"):
        async with running(services):
            assert set(services.supervisor.tasks) == {*TASKS, "load", "limits"}
            raise RuntimeError("in the middle")
    assert shut == ["database", "reader", "client", "limiter"]
    assert "the answers cannot be stored" in str(logs)


def test_the_tasks_of_a_desk_are_shown_and_counted(engine: Running, tmp_path: Path) -> None:
    with running_gateway(engine.url, tmp_path) as gateway:
        tasks = requests.get(gateway.url + "/readyz", timeout=5).json()["tasks"]
        running = {"state": "running", "restarts": 0, "reason": None}
        assert tasks == {
            # The tests' gateway is told whether its engine sees, and given the address itself.
            **dict.fromkeys(set(TASKS) - {"sight", "addresses"}, running),
            "limits": {**running, "state": "done"},
        }
        told = requests.get(gateway.url + "/metrics", timeout=5).text
        assert 'sightdesk_task_restarts_total{task="knowledge"} 0.0' in told


def test_a_thread_that_hangs_does_not_hold_up_the_end_of_the_process(
    engine: Running, tmp_path: Path
) -> None:
    with running_gateway(
        engine.url, tmp_path, module="tests.support.gateway_stuck_thread"
    ) as gateway:
        wait_for(gateway.url + "/healthz")
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(30) == 0
        assert "ended_by_force" in gateway.log.read_text()
