"""The units of deploy/systemd: systemd takes them, and they leave a process few rights."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

FOLDER = ROOT / "deploy" / "systemd"
UNITS = sorted(path.name for path in FOLDER.iterdir())
SERVICES = [name for name in UNITS if name.endswith(".service")]
# Tenths of systemd's exposure level, from 0 (safe) to 100. What is left: docs/deployment.md.
EXPOSURE = 15

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)


def analyze(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = ["systemd-analyze", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_systemd_finds_no_fault_in_any_unit(tmp_path: Path) -> None:
    """The programs' paths do not exist here, so another program stands in for them."""
    for name in UNITS:
        text = (FOLDER / name).read_text()
        (tmp_path / name).write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text))
    done = analyze("verify", *(tmp_path / name for name in UNITS))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_wrong_directive_would_be_found(tmp_path: Path) -> None:
    text = (FOLDER / "sightdesk-lite.service").read_text()
    text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text)
    (tmp_path / "some.service").write_text(text.replace("ProtectClock=", "ProtectClok="))
    assert "ProtectClok" in analyze("verify", tmp_path / "some.service").stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_few_rights(name: str, tmp_path: Path) -> None:
    limit = ("security", "--offline=true", f"--threshold={EXPOSURE}")
    assert analyze(*limit, FOLDER / name).returncode == 0
    weaker = tmp_path / name
    weaker.write_text(re.sub(r"(?m)^SystemCallFilter=.*\n", "", (FOLDER / name).read_text()))
    assert analyze(*limit, weaker).returncode != 0, "the limit is one that can be missed"


def test_the_modules_that_units_start_exist() -> None:
    started = re.findall(r"-m ([\w.]+)", "\n".join((FOLDER / one).read_text() for one in SERVICES))
    assert sorted(started) == ["gateway", "inference.launch", "inference.lite"]
    assert all(importlib.util.find_spec(name) for name in started)
