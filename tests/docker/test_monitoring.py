"""The profile `monitoring` in real Docker: everything is scraped, and an alert leaves the host.

Grafana is not started: its files are checked in tests/monitoring.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.docker_stack import compose
from tests.support.prometheus import Prometheus
from tests.support.servers import free_port, wait_until
from tests.support.webhook_receiver import Receiver, receiving

pytestmark = [pytest.mark.long_docker, pytest.mark.timeout(1500)]

PROJECT = "sightdesk-monitoring"
NOBODY = "65534:65534"
PARTS = (
    *("nginx", "gateway", "lite", "redis", "postgres", "prometheus"),
    *("node-exporter", "nginx-exporter", "redis-exporter", "postgres-exporter"),
)
JOBS = {"gateway", "node", "nginx", "redis", "postgres", "prometheus", "alertmanager"}
START_SECONDS = 600
ALERT_SECONDS = 120  # from a fault to the message about it
PORT = 29_093  # of the receiver of alerts, which containers must reach


@dataclass(frozen=True, slots=True)
class Watched:
    prometheus: Prometheus
    receiver: Receiver
    environ: dict[str, str]

    def told(self) -> list[tuple[str, str]]:
        """(name, firing or resolved) of each alert that was sent."""
        return [
            (alert["labels"]["alertname"], alert["status"])
            for one in list(self.receiver.received)
            for alert in one.message["alerts"]
        ]


@pytest.fixture(scope="module")
def watched(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    environ = {
        "COMPOSE_PROJECT_NAME": PROJECT,
        "COMPOSE_PROFILES": "monitoring,shared",
        "ENGINE": "lite",
        "HTTP_PORT": str(free_port()),
        "HTTPS_PORT": str(free_port()),
        "PROMETHEUS_PORT": str(free_port()),
        "PRIVATE_SUBNET": "172.30.86.0/24",
        "BASIC_AUTH_PASSWORD": "desk-password",
        "PROXY_SECRET": "between-us",
        "API_KEYS": "shop:sk-docker",
        "EMBED_SECRET": "signs-tokens",
        "POSTGRES_PASSWORD": "kept-in-postgres",
        "REDIS_PASSWORD": "counted-in-redis",
    }
    env_file = tmp_path_factory.mktemp("monitoring") / "env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in environ.items()))
    environ["ENV_FILE"] = str(env_file)
    with receiving(host="0.0.0.0", port=PORT) as receiver:
        try:
            give_to_nobody("prometheus", "alertmanager")
            up(environ, *PARTS)
            address = f"http://{host_in_network()}:{PORT}"
            environ |= {"ALERT_WEBHOOK_URL": address, "DEADMAN_URL": address}
            up(environ, "alertmanager")
            prometheus = Prometheus(f"http://127.0.0.1:{environ['PROMETHEUS_PORT']}")
            yield Watched(prometheus, receiver, environ)
        finally:
            compose("down", "-v", "--timeout", "10", **environ)


def give_to_nobody(*volumes: str) -> None:
    """As the public images do it; a stand-in made from a package has no such folder."""
    mounts = [part for name in volumes for part in ("-v", f"{PROJECT}_{name}:/{name}")]
    folders = [f"/{name}" for name in volumes]
    run("run", "--rm", *mounts, "python:3.13-slim", "chown", NOBODY, *folders)


def up(environ: dict[str, str], *services: str) -> None:
    """A busy machine starts a container later than Compose waits: then it is asked again."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        started = compose("up", "-d", "--build", "--wait", *services, **environ)
        if started.returncode == 0:
            return
        logs = compose("logs", "--tail", "20", **environ).stdout
        assert time.monotonic() < deadline, started.stderr[-3000:] + logs


def host_in_network() -> str:
    """The host's address in the network that has a way out."""
    told: list[dict[str, Any]] = json.loads(run("network", "inspect", f"{PROJECT}_monitoring"))
    return str(told[0]["IPAM"]["Config"][0]["Gateway"])


def run(*command: str) -> str:
    return subprocess.run(["docker", *command], capture_output=True, text=True, check=True).stdout


def test_everything_is_scraped_and_nothing_is_wrong(watched: Watched) -> None:
    prometheus = watched.prometheus
    wait_until(lambda: {one["metric"]["job"] for one in prometheus.query("up == 1")} >= JOBS, 120)
    wait_until(lambda: not prometheus.query("up == 0"), 120)
    for healthy in ("nginx_up == 1", "redis_up == 1", "pg_up == 1", "sightdesk_database_up == 1"):
        wait_until(lambda healthy=healthy: prometheus.query(healthy), 60)  # type: ignore[misc]  # mypy infers no default of a lambda
    assert prometheus.query('node_filesystem_size_bytes{mountpoint="/disks/docker"} > 0')
    firing = 'ALERTS{alertstate="firing",alertname!="Watchdog",alertname!~"Disk.*|MemoryLow"}'
    # Alertmanager started after Prometheus, which may have missed it.
    wait_until(lambda: not prometheus.query(firing), 120)


def test_the_dead_mans_switch_leaves_the_host(watched: Watched) -> None:
    wait_until(lambda: ("Watchdog", "firing") in watched.told(), ALERT_SECONDS)


@pytest.mark.parametrize(
    ("service", "alert"),
    [("lite", "EngineDown"), ("nginx", "NginxDown"), ("redis", "RateLimitsLocal"),
     ("postgres", "DatabaseDown"), ("gateway", "GatewayDown")],
)  # fmt: skip
def test_an_alert_about_a_stopped_part_leaves_the_host_within_two_minutes(
    watched: Watched, service: str, alert: str, record_property: Any
) -> None:
    compose("stop", service, **watched.environ)
    stopped = time.monotonic()
    try:
        wait_until(lambda: (alert, "firing") in watched.told(), ALERT_SECONDS)
        record_property("seconds", round(time.monotonic() - stopped))
        print(f"{alert}: {time.monotonic() - stopped:.0f} s after {service} was stopped")
    finally:
        compose("start", service, **watched.environ)
