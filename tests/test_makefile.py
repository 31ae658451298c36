"""The Makefile: values given on its command line are data, whatever is in them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

# Programs that a recipe runs, and make's own variables. Everything else is somebody's value.
PROGRAMS = {"PYTHON", "VENV", "PIP", "COMPOSE", "MAKE", "MAKEFILE_LIST", "CORES"}
HOSTILE = "a'b\"c; touch evil; $(touch evil) `touch evil` $(shell touch evil) ${HOME} $$ \\ #d"
# A program that writes down its arguments and its environment.
RECORDER = f"""#!{sys.executable}
import json, os, sys
with open("calls.jsonl", "a", encoding="utf-8") as calls:
    calls.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
"""
CALLED = ("bin/python", ".venv/bin/python", ".venv/bin/ruff", "scripts/user", "scripts/test-tools")
GIVEN = {
    "logs": ["REQUEST"],
    "capacity": ["USERS", "PICTURES", "QUESTIONS", "WAIT"],
    "eval": ["URL", "KEY", "CASES", "HALF", "ONLY", "GATE", "ACCEPT"],
    "outbox": ["REPLAY"],
    "backup": ["SECRETS"],
    "backup-verify": ["FILE", "IDENTITY"],
    "restore": ["FILE", "IDENTITY", "KEEP_SETTINGS"],
    "upgrade": ["BUNDLE"],
    "bundle": ["FILE"],
    "up": ["ENGINE", "BUNDLE"],
    "user": ["NAME"],
    "key": ["NAME", "LIMIT", "ROLE"],
    "test-plain": ["WORKERS"],
    "test-shared": ["WORKERS"],
    "bench-answers": ["PART", "BRIEF"],
    "bench-traces": ["BEFORE", "BRIEF"],
    "bench-stall": ["CLASS", "BRIEF"],
    "bench-relay": ["BRIEF"],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the Makefile, whose programs are all the recorder."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in CALLED:
        program = tmp_path / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(RECORDER)
        program.chmod(0o755)
    (tmp_path / "requirements").mkdir()
    for name in ("gateway", "lite", "dev"):
        (tmp_path / f"requirements/{name}.txt").touch()
    for stamp in ("run", "dev"):
        (tmp_path / f".venv/{stamp}.stamp").touch()
    return tmp_path


def called(project: Path, target: str, *given: str) -> list[tuple[list[str], dict[str, str]]]:
    """Arguments and environment of each program that `make target` runs."""
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    command = ["make", target, f"PYTHON={project}/bin/python", *given]
    done = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = (project / "calls.jsonl").read_text("utf-8").splitlines()
    calls = [(arguments, environment) for arguments, environment in map(json.loads, lines)]
    return [(found, environ) for found, environ in calls if found[:1] != ["-c"]]  # of no recipe


@pytest.mark.parametrize("target", GIVEN)
def test_a_value_of_the_command_line_is_data(project: Path, target: str) -> None:
    calls = called(project, target, *(f"{name}={HOSTILE}" for name in GIVEN[target]))

    assert not (project / "evil").exists()
    for _, environment in calls:
        assert {environment[name] for name in GIVEN[target]} == {HOSTILE}


@pytest.mark.parametrize(
    ("target", "arguments"),
    [
        ("logs", ["-m", "scripts.logs", HOSTILE]),
        ("user", [HOSTILE]),
        ("key", ["scripts/key.py", HOSTILE, HOSTILE, HOSTILE]),
        ("outbox", ["-m", "scripts.outbox", HOSTILE]),
        ("restore", ["-m", "scripts.restore", HOSTILE]),
        ("bench-stall", ["-m", "benchmarks.stall", "--brief", "--class", HOSTILE]),
    ],
)
def test_a_value_is_one_argument(project: Path, target: str, arguments: list[str]) -> None:
    given = (f"{name}={HOSTILE}" for name in GIVEN[target])

    assert arguments in [found for found, _ in called(project, target, *given)]


def test_without_values_there_are_no_further_arguments(project: Path) -> None:
    (found,) = [one for one, _ in called(project, "eval") if "benchmarks.evaluate" in one]

    assert found == ["-m", "benchmarks.evaluate"]


def test_the_gate_is_set_by_a_1(project: Path) -> None:
    calls = called(project, "eval", "GATE=1", "ACCEPT=0", "URL=http://desk:8000")

    assert [one for one, _ in calls][-1] == [
        *("-m", "benchmarks.evaluate", "--url", "http://desk:8000", "--gate"),
    ]


def test_no_recipe_has_a_value_in_its_text() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    recipes = [line for line in text.splitlines() if line.startswith("\t@")]
    named = {name for line in recipes for name in re.findall(r"(?<!\$)\$\((\w+)\)", line)}

    assert named - PROGRAMS == set()


def test_what_commands_say_stands_in_its_order_beside_what_docker_says() -> None:
    """Python keeps back what it prints into a file or a pipe."""
    show = ["make", "--no-print-directory", "--eval=show: ; @printenv PYTHONUNBUFFERED", "show"]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    told = subprocess.run(show, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert told.stdout == "1\n"
