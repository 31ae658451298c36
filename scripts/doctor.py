"""make doctor: checks this machine and prints one line a finding, with the remedy.

Exits with 1 if `make up` with the ENGINE of .env lacks something.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts import gpu
from scripts.write_env import found_engine

ROOT = Path(__file__).parents[1]
SECRETS = ("API_KEYS", "BASIC_AUTH_PASSWORD", "PROXY_SECRET", "EMBED_SECRET")
MEMORY_GIB = {"gpu": 8, "cpu": 16, "lite": 1}
CONNECTOR_SECONDS = 60
DISK_GIB = {"gpu": 40, "cpu": 20, "lite": 3}  # images, and a model


@dataclass(frozen=True, slots=True)
class Finding:
    good: bool
    text: str
    needed: bool = True  # by `make up`


def main() -> int:
    settings = read_settings(ROOT / ".env")
    engine = settings.get("ENGINE") or found_engine()
    looks: tuple[Callable[[], Finding], ...] = (
        python,
        docker,
        compose,
        lambda: driver(engine),
        lambda: toolkit(engine),
        lambda: memory(engine),
        lambda: disk(engine),
        lambda: port(settings),
        lambda: environment(settings),
    )
    findings = [look() for look in looks] + connectors(settings)
    for finding in findings:
        state = "ok" if finding.good else "missing" if finding.needed else "note"
        print(f"{state:8}{finding.text}")
    missing = sum(not finding.good and finding.needed for finding in findings)
    print(
        f"ENGINE={engine}: "
        + (f"{missing} of these are missing." if missing else "nothing is missing.")
    )
    return 1 if missing else 0


def read_settings(path: Path) -> dict[str, str]:
    """Variables of .env, if it exists. The shell's override them, as in Compose."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    written = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return written | {
        name: value
        for name, value in os.environ.items()
        if name in ("ENGINE", "HTTP_PORT", "CONNECTORS_DIR", *SECRETS)
    }


def python() -> Finding:
    return Finding(
        sys.version_info >= (3, 11),
        f"Python {sys.version.split()[0]}: make demo needs 3.11 or newer",
        needed=False,
    )


def docker() -> Finding:
    if shutil.which("docker") is None:
        return Finding(
            False, "Docker: not installed; see docs/deployment.md. make demo works without it"
        )
    good = _works("docker", "info")
    return Finding(
        good,
        "Docker engine" + ("" if good else ": no response; start it, or join the docker group"),
    )


def compose() -> Finding:
    good = _works("docker", "compose", "version")
    return Finding(
        good, "Docker Compose v2" + ("" if good else ": install the docker-compose-plugin package")
    )


def driver(engine: str) -> Finding:
    try:
        return Finding(True, "NVIDIA GPU: " + "; ".join(gpu.cards()))
    except gpu.Missing as missing:
        return Finding(False, f"NVIDIA GPU: {missing}", needed=engine == "gpu")


def toolkit(engine: str) -> Finding:
    try:
        gpu.check_toolkit()
    except (gpu.Missing, OSError) as missing:
        return Finding(False, f"container toolkit: {missing}", needed=engine == "gpu")
    return Finding(True, "NVIDIA Container Toolkit")


def memory(engine: str) -> Finding:
    """A machine of 16 GB shows less than 16 GiB, so 90 % are enough."""
    wanted = MEMORY_GIB.get(engine, 1)
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Finding(there > 0.9 * wanted, f"memory: {there:.0f} GiB; ENGINE={engine} needs {wanted}")


def disk(engine: str) -> Finding:
    wanted = DISK_GIB.get(engine, 3)
    free = shutil.disk_usage(ROOT).free / 2**30
    return Finding(
        free > wanted,
        f"disk: {free:.0f} GiB free; ENGINE={engine} takes up to {wanted} for images and model",
        needed=False,
    )


def port(settings: dict[str, str]) -> Finding:
    number = settings.get("HTTP_PORT") or "8080"
    with socket.socket() as probe:
        taken = number.isdecimal() and probe.connect_ex(("127.0.0.1", int(number))) == 0
    found = "in use; unless SightDesk itself uses it, set HTTP_PORT" if taken else "free"
    return Finding(not taken, f"port {number}: {found}", needed=False)


def environment(settings: dict[str, str]) -> Finding:
    if not (ROOT / ".env").exists():
        return Finding(True, ".env: none yet; make up writes it")
    empty = [name for name in SECRETS if not settings.get(name)]
    told = f": {', '.join(empty)} empty; set them, or remove .env and run make up" if empty else ""
    return Finding(not empty, ".env" + told)


def connectors(settings: dict[str, str]) -> list[Finding]:
    """What is wrong with the connectors, and which of their systems answer: asked from where the
    gateway runs, if it runs in Docker."""
    folder = ROOT / (settings.get("CONNECTORS_DIR") or "connectors")
    if not any(folder.glob("*.y*ml")):
        return []
    inside = ("docker", "compose", "exec", "-T", "gateway", "/venv/bin/python")
    here = (str(ROOT / ".venv/bin/python"),)
    python = inside if _works(*inside, "-c", "pass") else here
    try:
        told = subprocess.run(
            [*python, "-m", "gateway.connectors"],
            cwd=ROOT,
            env={**os.environ, "CONNECTORS_DIR": str(folder)} if python == here else None,
            capture_output=True,
            timeout=CONNECTOR_SECONDS,
        ).stdout.decode()
        found = [json.loads(line) for line in told.splitlines()]
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return [Finding(False, "connectors: cannot be looked at; run make demo once", False)]
    return [
        Finding(one["ok"], f"connector {one['name']}: {one['reason'] or 'answers'}", needed=False)
        for one in found
    ]


def _works(*command: str) -> bool:
    return (
        bool(shutil.which(command[0]))
        and subprocess.run(command, capture_output=True).returncode == 0
    )


if __name__ == "__main__":
    sys.exit(main())
