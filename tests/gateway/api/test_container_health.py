"""The health check of the gateway's container, against a real gateway."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import requests

from tests.support.paths import ROOT
from tests.support.servers import free_port, running_gateway, wait_until


def check(port: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "gateway.api.container_health"]
    environ = {**os.environ, "PORT": port}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)


def test_healthy_is_a_gateway_that_writes(tmp_path: Path) -> None:
    """No engine runs here: that is no fault of this container."""
    file = tmp_path / "desk.db"
    with running_gateway(
        f"http://127.0.0.1:{free_port()}", tmp_path, DATABASE_URL=f"sqlite:///{file}"
    ) as gateway:
        port = gateway.url.rpartition(":")[2]
        assert requests.get(gateway.url + "/readyz", timeout=10).status_code == 503
        assert check(port).returncode == 0
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            wait_until(lambda: check(port).returncode == 1, 40)
            assert "takes no write" in check(port).stdout
        finally:
            other.close()
        wait_until(lambda: check(port).returncode == 0, 40)


def test_nobody_there_is_unhealthy() -> None:
    done = check(str(free_port()))
    assert done.returncode == 1
    assert done.stdout.startswith("no answer: ")
    assert len(done.stdout.splitlines()) == 1
