"""`python -m gateway.connectors`, which `make doctor` calls."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.connectors import READ, TOKEN, environ_of, write
from tests.support.hostile_system import hostile_system
from tests.support.paths import ROOT


def looked(folder: Path, url: str) -> tuple[int, list[dict[str, object]], str]:
    done = subprocess.run(
        [sys.executable, "-m", "gateway.connectors"],
        cwd=ROOT,
        env={**os.environ, **environ_of(url), "CONNECTORS_DIR": str(folder)},
        capture_output=True,
        timeout=60,
    )
    text = done.stdout.decode()
    return done.returncode, [json.loads(line) for line in text.splitlines()], text


def test_each_system_and_each_wrong_file_is_a_line_without_secrets(tmp_path: Path) -> None:
    with hostile_system() as system:
        write(tmp_path, parcel=READ + "health: {path: /ok}\n")
        assert looked(tmp_path, system.url)[:2] == (
            0,
            [{"name": "parcel", "ok": True, "reason": ""}],
        )
        write(tmp_path, ill=READ + "health: {path: /status/500}\n", wrong="title: [")
        code, lines, text = looked(tmp_path, system.url)
    assert code == 1
    assert [(one["name"], one["ok"]) for one in lines] == [
        ("wrong.yaml:2", False),
        ("ill", False),
        ("parcel", True),
    ]
    assert TOKEN not in text
