import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.model_hub import HubState, running_hub, vision_files
from tests.support.paths import ROOT

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def hub() -> Iterator[tuple[str, HubState]]:
    with running_hub() as running:
        yield running


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "vl"
    folder.mkdir()
    for name, content in vision_files().items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`python -m inference.…` as a person starts it, with the settings given."""

    def start(
        module: str, *arguments: str, unprivileged: bool = False, **settings: str
    ) -> "subprocess.CompletedProcess[str]":
        # Root reads everything, but for its capabilities, which the container drops as well.
        drop = (
            ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
            if unprivileged and os.getuid() == 0
            else []
        )
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HF_", "MODEL"))
        }
        environ |= {
            "ENGINE": "cpu",
            "MODELS_DIR": str(tmp_path / "models"),
            "ENGINE_STATUS_FILE": str(tmp_path / "status.json"),
            **settings,
        }
        return subprocess.run(
            [*drop, sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return start
