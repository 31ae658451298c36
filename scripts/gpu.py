"""What ENGINE=gpu needs of this host. `make up` and `make doctor` ask; by itself it prints what is missing, and ends with 1 then."""

import json
import shutil
import subprocess
import sys

DRIVER = 580  # the oldest for which vLLM's image, CUDA 13, is made
QUERY = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
INSTEAD = "or use ENGINE=lite"


class Missing(Exception):
    """One line: what is not there, and what helps."""


def cards() -> list[str]:
    """A line for each card: name, memory, driver. Raises Missing."""
    if shutil.which("nvidia-smi") is None:
        raise Missing(f"the NVIDIA driver is missing; install R{DRIVER} or newer, {INSTEAD}")
    answer = subprocess.run(QUERY, capture_output=True, text=True)
    found = [line.strip() for line in answer.stdout.splitlines() if line.count(",") == 2]
    if answer.returncode or not found:
        said = (
            " ".join((answer.stdout + answer.stderr).split())[:200]
            or f"nvidia-smi ended with {answer.returncode}"
        )
        raise Missing(f"the NVIDIA driver finds no card ({said}); mend that, {INSTEAD}")
    version = found[0].rpartition(", ")[2]
    major = version.partition(".")[0]
    if not major.isdecimal() or int(major) < DRIVER:
        raise Missing(
            f"the NVIDIA driver {version} is too old; install R{DRIVER} or newer, {INSTEAD}"
        )
    return found


def check_toolkit() -> None:
    """Raises Missing. Docker hands out cards where the toolkit's hook was on its PATH when it started, its runtime set up or not."""
    shown = subprocess.run(
        ["docker", "info", "--format", "{{json .Runtimes}}"], capture_output=True, text=True
    )
    runtimes = json.loads(shown.stdout) if shown.returncode == 0 else {}
    if "nvidia" not in (runtimes or {}) and shutil.which("nvidia-container-runtime-hook") is None:
        raise Missing(
            f"the NVIDIA Container Toolkit is missing; install it and restart Docker, {INSTEAD}"
        )


def main() -> int:
    try:
        cards()
        check_toolkit()
    except Missing as missing:
        print(f"make up: ENGINE=gpu: {missing}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
