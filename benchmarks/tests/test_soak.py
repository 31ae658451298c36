"""`make soak`, run for 10 s: it passes on a sound gateway and names what it did not expect."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.soak import unforeseen
from benchmarks.visitors import FAULTS
from tests.support.engine_faults import ORDERS
from tests.support.paths import ROOT


@pytest.mark.timeout(300)
def test_a_short_soak_loses_nothing_and_prints_the_three_sums() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak"],
        cwd=ROOT,
        env={"SECONDS": "10", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sums = re.search(
        r"clients saw (\d+), engines sent (\d+), sightdesk_tokens_total (\d+)\n", done.stdout
    )
    assert sums is not None
    assert len(set(sums.groups())) == 1
    assert int(sums[1]) > 0
    assert "10 s" in done.stdout, "progress each ten seconds"


def test_the_soak_asks_for_faults_that_the_engine_knows_and_finds_tracebacks(
    tmp_path: Path,
) -> None:
    assert set(FAULTS) <= set(ORDERS)
    log = tmp_path / "log"
    log.write_text('{"event": "request"}\n{"event": "unexpected", "exception": "Traceback"}\n')
    assert len(unforeseen(log)) == 1
