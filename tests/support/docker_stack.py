"""`docker compose` for the tests' own project, a stack of several gateways, and a crash inside one
of its containers."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.servers import free_port

METRICS = (
    "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/metrics').read().decode())"
)


@dataclass(frozen=True, slots=True)
class Stack:
    url: str
    user: str
    password: str
    key: str
    environ: dict[str, str]

    def signed_in(self) -> "Stack":
        """The same, with name and password in its URL: that leaves no room for a key."""
        with_user = f"http://{self.user}:{self.password}@"
        return replace(self, url=self.url.replace("http://", with_user))

    def gateways(self) -> list[str]:
        """The ids of the containers that run."""
        return compose("ps", "-q", "gateway", "gateway-replica", **self.environ).stdout.split()

    def container(self, service: str) -> str:
        return compose("ps", "-a", "-q", service, **self.environ).stdout.strip()


def compose(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    made = {
        **os.environ,
        "COMPOSE_PROJECT_NAME": "sightdesk-test",
        "COMPOSE_DISABLE_ENV_FILE": "1",
        **environ,
    }
    return subprocess.run(
        ["docker", "compose", *arguments], cwd=ROOT, env=made, capture_output=True, text=True
    )


def in_docker(*arguments: str) -> str:
    """What it prints, on both streams. Raises CalledProcessError."""
    ended = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return ended.stdout + ended.stderr


def kill_inside(service: str, environ: dict[str, str]) -> None:
    """Kills every process in the container but its init: Docker sees it as a crash."""
    compose("exec", "-T", service, "sh", "-c", "kill -9 -1", **environ)


def metric(container: str, name: str) -> float:
    """A figure without labels, as the gateway in the container tells it."""
    [line] = metric_lines(container, f"{name} ")
    return float(line.split()[1])


def metric_lines(container: str, start: str) -> list[str]:
    told = in_docker("exec", container, "/venv/bin/python", "-c", METRICS)
    return [line for line in told.splitlines() if line.startswith(start)]


@contextlib.contextmanager
def several_gateways(folder: Path, *extra: str, **more: str) -> Iterator[Stack]:
    """Three gateways with one PostgreSQL and one Redis behind nginx, taken down at the end.

    `folder`: for its settings. `extra`: services beside these. `more`: settings.
    """
    environ = {
        "ENGINE": "lite",
        "COMPOSE_PROFILES": "shared,scale",
        "HTTP_PORT": str(free_port()),
        "HTTPS_PORT": str(free_port()),
        "BASIC_AUTH_USER": "agent",
        "BASIC_AUTH_PASSWORD": "desk-password",
        "PROXY_SECRET": "between-us",
        "API_KEYS": "shop:sk-docker",
        "EMBED_SECRET": "signs-tokens",
        "POSTGRES_PASSWORD": "p@ss/word",
        "REDIS_PASSWORD": "re-dis",
        **more,
    }
    env_file = folder / "env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in environ.items()))
    environ["ENV_FILE"] = str(env_file)
    # Exporters belong to `monitoring` and to `shared`: they are not what is tested here.
    services = ("nginx", "gateway", "gateway-replica", "lite", "postgres", "redis", *extra)
    try:
        started = compose("up", "-d", "--build", "--wait", *services, **environ)
        assert started.returncode == 0, (
            started.stderr[-3000:] + compose("logs", "--tail", "40", **environ).stdout
        )
        url = f"http://127.0.0.1:{environ['HTTP_PORT']}"
        yield Stack(url, "agent", "desk-password", "sk-docker", environ)
    finally:
        compose("down", "-v", "--timeout", "10", **environ)
