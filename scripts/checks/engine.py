"""Docker and Compose."""

import re
import shutil

from scripts.checks.plan import Plan, output, works
from scripts.findings import Finding

COMPOSE = (2, 24)  # the first with env_file's `required`
NO_DOCKER = "install Docker (docs/deployment.md); make demo works without it"


def docker() -> Finding:
    if shutil.which("docker") is None:
        return Finding(False, "Docker: not installed", remedy=NO_DOCKER)
    return Finding(
        works("docker", "info"),
        "Docker engine",
        remedy="it does not answer: start it (systemctl start docker), or join the group docker",
    )


def compose() -> Finding:
    told = output("docker", "compose", "version", "--short")
    if told.returncode:
        return Finding(
            False,
            "Docker Compose v2: not installed",
            remedy="install the package docker-compose-plugin",
        )
    version = told.stdout.strip()
    found = re.match(r"v?(\d+)\.(\d+)", version)
    new = found is None or (int(found[1]), int(found[2])) >= COMPOSE
    return Finding(
        new,
        f"Docker Compose {version}".strip(),
        remedy=f"install {COMPOSE[0]}.{COMPOSE[1]} or newer (docker-compose-plugin)",
    )


def files(plan: Plan) -> Finding:
    return Finding(
        not plan.problem,
        f"Compose files: {plan.problem or 'readable'}",
        remedy="correct .env, or COMPOSE_FILE and its files",
    )
