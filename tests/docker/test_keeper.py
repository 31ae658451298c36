"""What `docker kill` ends comes back by the keeper; what a person stops stays stopped. Real containers."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.docker.conftest import ROOT, compose

PROJECT = "sightdesk-keeper-test"
Run = Callable[..., str]
RELOADS = "trap : HUP; while :; do sleep 1; done"
DEAF = "trap '' TERM; while :; do sleep 1; done"


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def keeper(docker: None) -> Iterator["subprocess.Popen[str]"]:
    environ = {**os.environ, "COMPOSE_PROJECT_NAME": PROJECT}
    command = [sys.executable, "-I", ROOT / "compose" / "keeper.py"]
    with subprocess.Popen(command, env=environ, stdout=PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "keeper: watching\n"
            yield process
        finally:
            process.terminate()


@pytest.fixture
def run() -> Iterator[Run]:
    made: list[str] = []

    def start(script: str = "exec sleep 600", restart: str = "unless-stopped") -> str:
        label = f"--label=com.docker.compose.project={PROJECT}"
        options = ["-d", label, f"--restart={restart}", "--init", "--stop-timeout=1", "--entrypoint=sh"]
        made.append(docker("run", *options, "nginx:1.28", "-c", script))
        return made[-1]

    yield start
    for container in made:
        with suppress(subprocess.CalledProcessError):
            docker("rm", "-f", container)


def is_running(container: str) -> bool:
    return docker("inspect", "-f", "{{.State.Running}}", container) == "true"


def started_at(container: str) -> str:
    return docker("inspect", "-f", "{{.State.StartedAt}}", container)


def comes_back(container: str, before: str, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_running(container) and started_at(container) != before:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.usefixtures("keeper")
def test_what_was_killed_comes_back_each_time(run: Run) -> None:
    container = run()
    for _ in range(2):
        before = started_at(container)
        docker("kill", container)
        assert comes_back(container, before)


@pytest.mark.usefixtures("keeper")
@pytest.mark.parametrize("script", ["exec sleep 600", DEAF])
def test_what_was_stopped_stays_stopped_also_where_docker_had_to_kill_it(run: Run, script: str) -> None:
    container = run(script)
    docker("stop", container)
    assert not comes_back(container, started_at(container), 4)
    docker("start", container)
    before = started_at(container)
    docker("kill", container)
    assert comes_back(container, before), "an earlier stop says nothing about this kill"


@pytest.mark.usefixtures("keeper")
def test_a_signal_that_is_no_stop_says_nothing_about_a_later_kill(run: Run) -> None:
    container = run(RELOADS)
    before = started_at(container)
    docker("kill", "-s", "HUP", container)
    docker("kill", container)
    assert comes_back(container, before)


@pytest.mark.usefixtures("keeper")
def test_what_runs_once_is_not_started_again(run: Run) -> None:
    container = run(restart="no")
    docker("kill", container)
    assert not comes_back(container, started_at(container), 4)


def test_what_is_removed_by_force_is_gone_and_the_keeper_goes_on(keeper: "subprocess.Popen[str]", run: Run) -> None:
    docker("rm", "-f", run())
    time.sleep(1)
    assert keeper.poll() is None
    container = run()
    before = started_at(container)
    docker("kill", container)
    assert comes_back(container, before)


def test_without_an_engine_it_says_so_in_one_line_and_goes_on_trying(tmp_path: Path) -> None:
    """A folder is what Docker puts where the socket is missing."""
    environ = {**os.environ, "COMPOSE_PROJECT_NAME": PROJECT, "DOCKER_SOCKET": str(tmp_path)}
    command = [sys.executable, "-I", ROOT / "compose" / "keeper.py"]
    with subprocess.Popen(command, env=environ, stdout=PIPE, stderr=PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(f"keeper: no Docker engine answers at {tmp_path} (DOCKER_SOCKET): ")
        time.sleep(6)  # it has tried a second time by then
        assert process.poll() is None
        process.terminate()
        assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize(("setting", "count"), [(None, 1), ("1", 1), ("0", 0)])
def test_it_is_there_unless_a_setting_leaves_it_out(docker: None, setting: str | None, count: int) -> None:
    environ = {"ENGINE": "lite"} | ({} if setting is None else {"KEEPER": setting})
    told = compose("config", "--format", "json", **environ)
    assert told.returncode == 0, told.stderr
    keeper = json.loads(told.stdout)["services"]["keeper"]
    assert keeper["deploy"]["replicas"] == count
    assert (keeper["network_mode"], keeper["read_only"], keeper["cap_drop"]) == ("none", True, ["ALL"])
