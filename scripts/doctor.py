"""make doctor: a look at this machine, a line a finding, each with its remedy."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECRETS = ("API_KEYS", "BASIC_AUTH_PASSWORD", "PROXY_SECRET", "EMBED_SECRET")


def main() -> int:
    findings = [python(), docker(), compose(), gpu(), memory(), disk(), port(), environment()]
    for good, text in findings:
        print(("ok      " if good else "missing ") + text)
    return 0


def python() -> tuple[bool, str]:
    return sys.version_info >= (3, 11), f"Python {sys.version.split()[0]} (3.11 or newer for make demo)"


def docker() -> tuple[bool, str]:
    if shutil.which("docker") is None:
        return False, "Docker: not installed; make demo works without it"
    good = subprocess.run(["docker", "info"], capture_output=True).returncode == 0
    return good, "Docker engine" + ("" if good else ": does not answer; start it or join the docker group")


def compose() -> tuple[bool, str]:
    good = (
        bool(shutil.which("docker"))
        and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
    )
    return good, "Docker Compose v2" + ("" if good else ": install the docker-compose-plugin package")


def gpu() -> tuple[bool, str]:
    if shutil.which("nvidia-smi") is None:
        return False, "NVIDIA GPU: no driver found; ENGINE=cpu or lite runs without one"
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True)
    return answer.returncode == 0, "NVIDIA GPU: " + (answer.stdout.strip() or "the driver does not answer; reboot")


def memory() -> tuple[bool, str]:
    try:
        kib = int(
            next(
                line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal")
            ).split()[1]
        )
    except (OSError, StopIteration):
        return True, "memory: unknown"
    return kib > 2_000_000, f"memory: {kib // 1_048_576} GiB (lite needs 1, cpu 16)"


def disk() -> tuple[bool, str]:
    free = shutil.disk_usage(ROOT).free // 2**30
    return free > 5, f"disk: {free} GiB free (a model takes 5 to 20)"


def port() -> tuple[bool, str]:
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", 8080)) == 0
    return True, "port 8080: " + ("in use (by SightDesk, or set HTTP_PORT)" if taken else "free")


def environment() -> tuple[bool, str]:
    path = ROOT / ".env"
    if not path.exists():
        return True, ".env: none yet; make up writes it"
    lines = dict(line.split("=", 1) for line in path.read_text("utf-8").splitlines() if "=" in line and line[0] != "#")
    empty = [name for name in SECRETS if not lines.get(name)]
    return not empty, ".env" + (f": {', '.join(empty)} empty; fill in, or remove .env and run make up" if empty else "")


if __name__ == "__main__":
    sys.exit(main())
