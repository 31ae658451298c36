"""`docker compose` for the tests' own project, and a crash inside one of its containers."""

import os
import subprocess
from dataclasses import dataclass

from tests.support.paths import ROOT


@dataclass(frozen=True, slots=True)
class Stack:
    url: str
    user: str
    password: str
    key: str
    environ: dict[str, str]


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


def kill_inside(service: str, environ: dict[str, str]) -> None:
    """Kills every process in the container but its init: Docker sees it as a crash."""
    compose("exec", "-T", service, "sh", "-c", "kill -9 -1", **environ)
