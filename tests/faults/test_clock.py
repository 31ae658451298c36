"""The clock of the gateway's machine jumps ahead and back while people ask (libfaketime)."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.faults.conftest import Tell
from tests.support.crowd import ANSWERED, GATEWAY, NGINX, asking, people
from tests.support.nginx import nginx_before
from tests.support.prometheus import quick_config, running_prometheus
from tests.support.prometheus_alerts import seen_by_alert
from tests.support.servers import (
    Running,
    running,
    running_gateway,
    started_by,
    wait_for,
    wait_until,
)

pytestmark = [pytest.mark.alone, pytest.mark.long]

PRELOADED = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), Path("libfaketime"))


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock of one process, as seconds beside the true time."""

    file: Path

    def set(self, seconds: int) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self.file)

    def around(self, command: list[str]) -> list[str]:
        settings = {
            "LD_PRELOAD": str(PRELOADED),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # no clock that is set moves it
        }
        return ["env", *(f"{name}={value}" for name, value in settings.items()), *command]


@contextmanager
def gateway_with_clock(folder: Path, **settings: str) -> Iterator[tuple[Running, Clock]]:
    clock = Clock(folder / "clock")
    clock.set(0)
    data = folder / "data"
    data.mkdir()
    given = {**GATEWAY, **settings}
    with (
        running("tests.support.fake_engine", {}) as engine,
        started_by(clock.around),
        running_gateway(engine.url, data, **given) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        yield gateway, clock


def clock_step(gateway: Running) -> float:
    lines = requests.get(gateway.url + "/metrics", timeout=30).text.splitlines()
    [line] = [one for one in lines if one.startswith("sightdesk_clock_step_seconds ")]
    return float(line.split()[1])


def test_answers_go_on_while_the_clock_jumps_ahead_and_back(tmp_path: Path, tell: Tell) -> None:
    assert PRELOADED.is_file(), "libfaketime is missing: scripts/test-tools installs it"
    front, watch = tmp_path / "front", tmp_path / "watch"
    for folder in (front, watch):
        folder.mkdir()
    with (
        gateway_with_clock(tmp_path, RETENTION_DAYS="1") as (gateway, clock),
        nginx_before(gateway.url, front, **NGINX) as desk,
        running_prometheus(
            quick_config(watch, {"gateway": [gateway.url.removeprefix("http://")]})
        ) as prometheus,
        asking(desk, people()) as crowd,
    ):
        crowd.all_saw(ANSWERED)
        crowd.breaks()
        clock.set(3 * 86_400)
        seen_by_alert(prometheus, "ClockSet")
        assert abs(clock_step(gateway) - 3 * 86_400) < 5
        crowd.all_saw(ANSWERED)
        clock.set(-3600)
        wait_until(lambda: clock_step(gateway) < 0, 30)
        crowd.all_saw(ANSWERED)
        clock.set(0)
        wait_until(lambda: not clock_step(gateway), 30)
        crowd.all_saw(ANSWERED)
        tell("clock set ahead, back, and right again", crowd)
        asked = crowd.since(crowd.broken_at)
        # libfaketime holds the gateway up for seconds where the machine is busy. The gateway then
        # takes its engine for stopped.
        assert sum(one.what != ANSWERED for one in asked) <= len(asked) / 50
    with closing(sqlite3.connect(tmp_path / "data/sightdesk.db")) as database:
        count = "SELECT count(*) FROM turns WHERE role = 'assistant' AND state = 'done'"
        [kept] = database.execute(count).fetchone()
    assert kept >= sum(one.what == ANSWERED for one in crowd.seen) > 10
