"""`make demo` in a fresh clone: how long until it is ready, and what it holds in memory then."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.evals.times import Row
from tests.support.paths import ROOT
from tests.support.servers import free_port

READY = "SightDesk is ready"
STOP_SECONDS = 60


def rows() -> list[Row]:
    """Clones the last commit, so changes that are not committed are not in it. Packages come from
    the package index, or from pip's cache. One row says so where it did not get ready."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        clone = Path(folder) / "sightdesk"
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        started = time.perf_counter()
        process = subprocess.Popen(
            ["make", "-s", "demo", f"PORT={free_port()}"],
            cwd=clone,
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            is_ready = any(READY in line for line in process.stdout)
            took, held = time.perf_counter() - started, memory(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=STOP_SECONDS)  # closes the pipe too
    if not is_ready:
        return [("`make demo` in a fresh clone: ready, s", "not ready", "≤ 120")]
    return [
        ("`make demo` in a fresh clone: ready, s", f"{took:.0f}", "≤ 120"),
        ("the same: memory then, with the example business, MB", f"{held:.0f}", ""),
    ]


def memory(pid: int) -> float:
    """Resident megabytes of a process and its children."""
    here = psutil.Process(pid)
    members = [here, *here.children(recursive=True)]
    return float(sum(process.memory_info().rss for process in members)) / 1e6
