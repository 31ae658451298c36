"""Checks what ENGINE=gpu needs of this host, for `make up` and `make doctor`.

As a program: prints what is missing and exits with 1.
"""

import json
import shutil
import subprocess
import sys

DRIVER = 580  # the oldest that vLLM's image (CUDA 13) supports
QUERY = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
INSTEAD = "or use ENGINE=lite"


class Missing(Exception):
    """One line: what is missing, and the remedy."""


def cards() -> list[str]:
    """One line for each card: name, memory, driver. Raises Missing."""
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
    """Raises Missing.

    Docker gives containers access to cards if the toolkit's runtime is configured, or if the
    toolkit's hook was on Docker's PATH at its start.
    """
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
