"""A real Prometheus with the project's configuration, and the programs that check it."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.support.paths import ROOT
from tests.support.servers import free_port, wait_for

MONITORING = ROOT / "deploy/monitoring"
PROMETHEUS = MONITORING / "prometheus"


def tool(*names: str) -> str:
    """The path of the first of these programs that is installed."""
    found = next(filter(None, map(shutil.which, names)), None)
    assert found, f"{names[0]} is missing: scripts/test-tools installs it"
    return found


def run_tool(name: str, *arguments: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [tool(name), *arguments], cwd=cwd, capture_output=True, text=True, timeout=100
    )


@dataclass(frozen=True, slots=True)
class Prometheus:
    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of an instant query now: [{metric, value: [time, text]}]."""
        answer = requests.get(f"{self.url}/api/v1/query", {"query": expression}, timeout=30)
        told: dict[str, Any] = answer.json()
        assert told["status"] == "success", (expression, told)
        found: list[dict[str, Any]] = told["data"]["result"]
        return found


def quick_config(folder: Path, targets: Mapping[str, list[str]], alertmanager: str = "") -> Path:
    """The project's configuration with a look each second and these targets of each job, written
    as host:port or host:port/path. A job without targets stays without."""
    shutil.copytree(PROMETHEUS / "rules", folder / "rules")
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    times = ("scrape_interval", "scrape_timeout", "evaluation_interval")
    config["global"] = dict.fromkeys(times, "1s")
    for job in config["scrape_configs"]:
        job.pop("dns_sd_configs", None)
        found = [one.partition("/") for one in targets.get(job["job_name"], ())]
        job["static_configs"] = [{"targets": [host for host, _, _ in found]}]
        if found and found[0][2]:
            job["metrics_path"] = "/" + found[0][2]
    [manager] = config["alerting"]["alertmanagers"]
    manager["static_configs"] = [{"targets": [alertmanager] if alertmanager else []}]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    return path


@contextmanager
def running_prometheus(config: Path) -> Iterator[Prometheus]:
    port = free_port()
    folder = config.parent
    command = [tool("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url + "/-/ready", process, folder / "log")
            yield Prometheus(url)
        finally:
            process.terminate()
            process.wait(20)
