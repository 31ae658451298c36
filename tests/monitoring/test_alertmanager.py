"""Alerts reach their receivers: a real Alertmanager with the project's configuration."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.prometheus import MONITORING, run_tool, tool
from tests.support.servers import free_port, wait_for, wait_until
from tests.support.webhook_receiver import Receiver, receiving

FILES = MONITORING / "alertmanager"
SECONDS = 60


def started(folder: Path, port: int, **settings: str) -> "subprocess.Popen[bytes]":
    """start.sh as in the container, with short pauses before the first message."""
    files, out = folder / "files", folder / "tmp"
    shutil.copytree(FILES, files)
    (folder / "data").mkdir()
    out.mkdir()
    config = files / "alertmanager.yml"
    config.write_text(config.read_text().replace("group_wait: 15s", "group_wait: 1s"))
    environ = {
        "PATH": str(Path(tool("alertmanager", "prometheus-alertmanager")).parent)
        + ":/usr/bin:/bin",
        "ALERTMANAGER_FILES": str(files),
        "ALERTMANAGER_TMP": str(out),
        "ALERTMANAGER_DATA": str(folder / "data"),
        **settings,
    }
    command = ["sh", str(files / "start.sh"), f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "log").open("w") as log:
        return subprocess.Popen(command, env=environ, stdout=log, stderr=log)


@contextlib.contextmanager
def running_alertmanager(folder: Path, **settings: str) -> Iterator[str]:
    port = free_port()
    process = started(folder, port, **settings)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url + "/-/ready", process, folder / "log")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def fire(url: str, *alerts: tuple[str, str]) -> None:
    """(name, severity) of each."""
    body: list[dict[str, Any]] = [
        {
            "labels": {"alertname": name, "severity": severity},
            "startsAt": datetime.now(UTC).isoformat(),
        }
        for name, severity in alerts
    ]
    requests.post(f"{url}/api/v2/alerts", json=body, timeout=10).raise_for_status()


def names(receiver: Receiver) -> list[str]:
    received = list(receiver.received)
    return [alert["labels"]["alertname"] for one in received for alert in one.message["alerts"]]


def test_alertmanager_accepts_its_configuration() -> None:
    checked = run_tool("amtool", "check-config", str(FILES / "alertmanager.yml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alerts_go_to_operators_and_the_watchdog_to_the_dead_mans_switch(tmp_path: Path) -> None:
    with receiving() as operators, receiving() as deadman:
        settings = {"ALERT_WEBHOOK_URL": operators.url, "DEADMAN_URL": deadman.url}
        with running_alertmanager(tmp_path, **settings) as url:
            fire(url, ("Watchdog", "none"), ("EngineDown", "critical"), ("GPUHot", "warning"))
            wait_until(lambda: "Watchdog" in names(deadman), SECONDS)
            wait_until(lambda: {"EngineDown", "GPUHot"} <= set(names(operators)), SECONDS)
    assert set(names(deadman)) == {"Watchdog"}
    assert "Watchdog" not in names(operators)


def test_what_follows_from_another_alert_is_not_sent(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        operators = stack.enter_context(receiving())
        url = stack.enter_context(running_alertmanager(tmp_path, ALERT_WEBHOOK_URL=operators.url))
        fire(url, ("EngineDown", "critical"))
        fire(url, ("ErrorBudget", "critical"), ("EngineStalled", "critical"))
        fire(url, ("NginxDown", "critical"))
        wait_until(lambda: {"EngineDown", "NginxDown"} <= set(names(operators)), SECONDS)
        suppressed = requests.get(
            f"{url}/api/v2/alerts?active=false&inhibited=true", timeout=10
        ).json()
    found = {one["labels"]["alertname"] for one in suppressed}
    assert found == {"ErrorBudget", "EngineStalled"}
    assert not found & set(names(operators))


def test_without_addresses_alerts_are_only_shown(tmp_path: Path) -> None:
    with running_alertmanager(tmp_path) as url:
        fire(url, ("EngineDown", "critical"), ("Watchdog", "none"))
        shown = requests.get(f"{url}/api/v2/alerts", timeout=10).json()
        receivers = {receiver["name"] for one in shown for receiver in one["receivers"]}
    assert receivers == {"nobody"}


def test_an_address_is_taken_as_it_is(tmp_path: Path) -> None:
    """With what a shell or sed would take for its own."""
    with receiving() as operators:
        query = "?token=a&b=$HOME|%20;x"
        with running_alertmanager(tmp_path, ALERT_WEBHOOK_URL=operators.url + query) as url:
            shown = requests.get(f"{url}/api/v2/status", timeout=10).json()["config"]["original"]
    config = (tmp_path / "tmp/alertmanager.yml").read_text()
    assert operators.url + query in config
    assert "receiver: nobody" in shown
    assert (tmp_path / "tmp/alertmanager.yml").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["ALERT_WEBHOOK_URL", "DEADMAN_URL"])
@pytest.mark.parametrize(
    "address", ["hooks.example/secret", 'http://x/"secret', "http://x/ secret"]
)
def test_what_is_no_address_ends_the_start_without_showing_it(
    tmp_path: Path, name: str, address: str
) -> None:
    process = started(tmp_path, free_port(), **{name: address})
    assert process.wait(20) == 1
    log = (tmp_path / "log").read_text()
    assert "is no http:// or https:// URL" in log
    assert "secret" not in log
