"""For `make check`: what every service of every Compose combination must have.

Asks `docker compose config` for each ENGINE, set of profiles and set of overlays. It needs the
docker command, but no engine. Exits with 1 and one line a fault.
"""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ENGINES = ("gpu", "cpu", "lite")
PROFILES = ("monitoring", "shared", "scale")
OVERLAYS = (
    (),
    ("compose/connectors.yml",),
    ("compose/remote-images.yml",),
    ("compose/single-sign-on.yml",),
    ("compose/files-outside.yml",),
    ("compose/backup-outside.yml", "compose/tracing.yml"),
    ("compose/connectors.yml", "compose/remote-images.yml", "examples/business/compose.yml"),
)
# vLLM's need beside the card's memory depends on model and card: INFERENCE_MEMORY.
UNLIMITED = frozenset(("inference",))
# DCGM's embedded engine runs as root only (compose/monitoring-gpu.yml).
ROOT_ALONE = frozenset(("dcgm-exporter",))
# Its image has no shell to check with (compose/monitoring.yml).
UNCHECKED = frozenset(("nginx-exporter",))
# Everyone may reach nginx. What else is published is published for this host only.
PUBLIC = frozenset(("nginx",))
MAX_PROCESSES = 16_384
PINNED = re.compile(r"(:v?\d[\w.-]*|@sha256:[0-9a-f]{64})$")
HOST_NAMESPACES = ("network_mode", "pid", "ipc", "userns_mode")

Service = dict[str, Any]


def main() -> int:
    if shutil.which("docker") is None or run("version").returncode:
        print("compose rules: skipped, there is no `docker compose` here", file=sys.stderr)
        return 0
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda one: faults_of(*one), combinations()))
    faults = sorted({fault for faults in found for fault in faults})
    print("\n".join(faults) or f"compose rules: {len(found)} combinations are as they must be")
    return 1 if faults else 0


def combinations() -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    chosen = [part for size in range(4) for part in itertools.combinations(PROFILES, size)]
    return itertools.product(ENGINES, chosen, OVERLAYS)


def faults_of(engine: str, profiles: tuple[str, ...], overlays: tuple[str, ...]) -> list[str]:
    files = ("docker-compose.yml", *overlays)
    shown = run(
        *("config", "--format", "json"),
        ENGINE=engine,
        COMPOSE_PROFILES=",".join(profiles),
        COMPOSE_FILE=":".join(files),
    )
    if shown.returncode:
        where = f"ENGINE={engine} COMPOSE_PROFILES={','.join(profiles)} {' '.join(files)}"
        return [f"{where}: {' '.join(shown.stderr.split())}"]
    services: dict[str, Service] = json.loads(shown.stdout)["services"]
    found = [f"{name}: {fault}" for name, one in services.items() for fault in faults(name, one)]
    return found + [f"{fault} ({' '.join(overlays)})" for fault in faults_of_replicas(services)]


def run(*command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Only `settings` count: neither .env nor the shell's variables."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ
    }
    environ = {**kept, "COMPOSE_DISABLE_ENV_FILE": "1", **settings}
    return subprocess.run(
        ["docker", "compose", *command], cwd=ROOT, env=environ, capture_output=True, text=True
    )


def faults(name: str, service: Service) -> Iterator[str]:
    """What `service`, as `docker compose config` shows it, lacks or has too much."""
    yield from faults_of_rights(name, service)
    yield from faults_of_limits(name, service)
    yield from faults_of_volumes(service)
    if not PINNED.search(service.get("image", "")):
        yield f"the image {service.get('image')} is not pinned by version or digest"
    if service.get("restart") not in ("unless-stopped", "no"):
        yield "restart is neither unless-stopped nor no"
    is_checked = name in UNCHECKED or "test" in service.get("healthcheck", {})
    if service.get("restart") != "no" and not is_checked:
        yield "no health check"
    for port in service.get("ports", ()):
        if name not in PUBLIC and port.get("host_ip") != "127.0.0.1":
            yield f"port {port.get('target')} is published to other hosts"


def faults_of_replicas(services: dict[str, Service]) -> Iterator[str]:
    """What a further gateway has not, though the first one has it."""
    first, replica = services["gateway"], services.get("gateway-replica")
    if replica is None:
        return
    for network in sorted(set(first["networks"]) - set(replica["networks"])):
        yield f"gateway-replica: not in the network {network}, which gateway is in"
    lacking = set(first["environment"].items()) - set(replica["environment"].items())
    for name in sorted(name for name, _ in lacking):
        yield f"gateway-replica: {name} is not as gateway's"
    mounted = {(volume["source"], volume["target"]) for volume in replica["volumes"]}
    for volume in first["volumes"]:
        if (volume["source"], volume["target"]) not in mounted:
            yield f"gateway-replica: {volume['target']} is not mounted as in gateway"


def faults_of_rights(name: str, service: Service) -> Iterator[str]:
    user = str(service.get("user", "")).partition(":")[0]
    if user in ("", "0", "root") and name not in ROOT_ALONE:
        yield "runs as root"
    if service.get("read_only") is not True:
        yield "the root file system is writable"
    if service.get("cap_drop") != ["ALL"] or service.get("cap_add"):
        yield "has capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", ()):
        yield "may gain privileges"
    if service.get("privileged"):
        yield "is privileged"
    for namespace in HOST_NAMESPACES:
        if service.get(namespace) == "host":
            yield f"shares the host's {namespace}"


def faults_of_limits(name: str, service: Service) -> Iterator[str]:
    if int(service.get("mem_limit", 0)) <= 0 and name not in UNLIMITED:
        yield "memory is not limited"
    if not 0 < int(service.get("pids_limit", 0)) <= MAX_PROCESSES:
        yield "processes are not limited"
    logging = service.get("logging", {})
    options = logging.get("options", {})
    if logging.get("driver") != "json-file" or not {"max-size", "max-file"} <= set(options):
        yield "logs are not rotated"


def faults_of_volumes(service: Service) -> Iterator[str]:
    for volume in service.get("volumes", ()):
        source = str(volume.get("source", ""))
        if source.endswith("docker.sock"):
            yield "holds Docker's socket"
        if volume["type"] == "bind" and not volume.get("read_only"):
            yield f"may write to {source}"
        if volume["type"] == "volume" and not source:
            yield f"the volume at {volume.get('target')} has no name"


if __name__ == "__main__":
    sys.exit(main())
