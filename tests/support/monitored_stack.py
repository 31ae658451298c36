"""The profiles `monitoring` and `shared` in real Docker, without Grafana."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from tests.support.docker_stack import compose
from tests.support.prometheus import Prometheus
from tests.support.servers import free_port
from tests.support.webhook_receiver import Receiver, receiving

PROJECT = "sightdesk-monitoring"
NOBODY = "65534:65534"
PARTS = (
    *("nginx", "gateway", "lite", "redis", "postgres", "prometheus"),
    *("node-exporter", "nginx-exporter", "redis-exporter", "postgres-exporter"),
)
START_SECONDS = 600
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


@contextmanager
def watched_stack(folder: Path) -> Iterator[Watched]:
    """`folder`: for its settings."""
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
    env_file = folder / "env"
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
    return gateway_of(f"{PROJECT}_monitoring")


def gateway_of(network: str) -> str:
    """The host's address in a network. Docker names it, or takes the first one."""
    told: list[dict[str, Any]] = json.loads(run("network", "inspect", network))
    config = told[0]["IPAM"]["Config"][0]
    return str(config.get("Gateway") or next(ip_network(config["Subnet"]).hosts()))


def addresses(network: str) -> dict[str, str]:
    """Service → its address in a network of the project."""
    form = '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{"\\n"}}{{end}}'
    lines = run("network", "inspect", "-f", form, f"{PROJECT}_{network}").split("\n")
    found = [line.split() for line in lines if line.strip()]
    return {
        name.removeprefix(f"{PROJECT}-").rpartition("-")[0]: address.partition("/")[0]
        for name, address in found
        if name.startswith(f"{PROJECT}-")
    }


def run(*command: str) -> str:
    return subprocess.run(["docker", *command], capture_output=True, text=True, check=True).stdout
