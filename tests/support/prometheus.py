"""The programs of Prometheus and Alertmanager, where they are installed."""

import shutil
import subprocess
from pathlib import Path

from tests.support.paths import ROOT

MONITORING = ROOT / "deploy/monitoring"
PROMETHEUS = MONITORING / "prometheus"


def tool(name: str) -> str:
    """The path of a program."""
    found = shutil.which(name)
    assert found, f"{name} is missing: scripts/test-tools installs it"
    return found


def run_tool(name: str, *arguments: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [tool(name), *arguments], cwd=cwd, capture_output=True, text=True, timeout=100
    )
