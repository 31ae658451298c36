"""`make up` and `make doctor` say in one line what ENGINE=gpu lacks.

`docker` and `nvidia-smi` are scripts of the tests.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

DOCKER = """\
#!/bin/sh
case "$*" in *Runtimes*) echo '{runtimes}' ;; esac
"""
NVIDIA_SMI = """\
#!/bin/sh
echo '{said}'; exit {code}
"""
GOOD = NVIDIA_SMI.format(said="NVIDIA L4, 23034 MiB, 580.95.05", code=0)
BARE = DOCKER.format(runtimes='{"runc": {}}')
TOOLKIT = DOCKER.format(runtimes='{"nvidia": {}, "runc": {}}')


def run(folder: Path, *command: str, **programs: str) -> "subprocess.CompletedProcess[str]":
    """Runs `command` in a copy of the project; PATH has a bare system and `programs` only."""
    project, bin_ = folder / "project", folder / "bin"
    shutil.copytree(
        ROOT / "scripts", project / "scripts", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / ".env.example", project)
    bin_.mkdir()
    for name in ("bash", "sh", "cat", "dirname", "env", "grep", "sed", "tail"):
        (bin_ / name).symlink_to(shutil.which(name) or name)
    (bin_ / "python3").symlink_to(sys.executable)
    for name, text in programs.items():
        (bin_ / name.replace("_", "-")).write_text(text)
        (bin_ / name.replace("_", "-")).chmod(0o755)
    environ = {"PATH": str(bin_), "ENGINE": "gpu", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=project, env=environ, capture_output=True, text=True, timeout=60
    )


CASES = {
    "no driver": (
        {"docker": TOOLKIT},
        "the NVIDIA driver is missing; install R580 or newer, or use ENGINE=lite",
    ),
    "no card": (
        {"docker": TOOLKIT, "nvidia_smi": NVIDIA_SMI.format(said="No devices were found", code=6)},
        "the NVIDIA driver finds no card (No devices were found); mend that, or use ENGINE=lite",
    ),
    "an old driver": (
        {
            "docker": TOOLKIT,
            "nvidia_smi": NVIDIA_SMI.format(said="Tesla T4, 15360 MiB, 535.183.01", code=0),
        },
        "the NVIDIA driver 535.183.01 is too old; install R580 or newer, or use ENGINE=lite",
    ),
    "no toolkit": (
        {"docker": BARE, "nvidia_smi": GOOD},
        "the NVIDIA Container Toolkit is missing; install it and restart Docker, or use ENGINE=lite",
    ),
}


@pytest.mark.parametrize(("programs", "missing"), CASES.values(), ids=CASES.keys())
def test_make_up_says_in_one_line_what_is_missing(
    tmp_path: Path, programs: dict[str, str], missing: str
) -> None:
    done = run(tmp_path, "scripts/up", **programs)
    assert done.returncode == 1
    assert done.stderr == f"make up: ENGINE=gpu: {missing}.\n"


@pytest.mark.parametrize(("programs", "missing"), CASES.values(), ids=CASES.keys())
def test_make_doctor_says_it_too_and_ends_with_1(
    tmp_path: Path, programs: dict[str, str], missing: str
) -> None:
    done = run(tmp_path, "python3", "-m", "scripts.doctor", **programs)
    assert done.returncode == 1, done.stderr
    assert [
        line for line in done.stdout.splitlines() if line.startswith("missing ") and missing in line
    ], done.stdout


@pytest.mark.parametrize("docker", [TOOLKIT, BARE])
def test_a_host_with_all_of_it_lacks_nothing(tmp_path: Path, docker: str) -> None:
    """The toolkit is found by its runtime or, where that is not set up, by its hook for Docker."""
    hook = {"nvidia_container_runtime_hook": "#!/bin/sh\n"} if docker is BARE else {}
    done = run(tmp_path, "python3", "-m", "scripts.doctor", docker=docker, nvidia_smi=GOOD, **hook)
    assert "ok      NVIDIA GPU: NVIDIA L4, 23034 MiB, 580.95.05" in done.stdout.splitlines(), (
        done.stdout
    )
    assert "ok      NVIDIA Container Toolkit" in done.stdout.splitlines()
    assert done.returncode == 0 or "missing memory" in done.stdout


def test_without_a_card_the_embedded_engine_lacks_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "env", "ENGINE=lite", "python3", "-m", "scripts.doctor", docker=BARE)
    assert done.returncode == 0, done.stdout
    assert "note    NVIDIA GPU: the NVIDIA driver is missing" in done.stdout
    assert done.stdout.splitlines()[-1] == "ENGINE=lite: nothing is missing."
