"""make doctor names what is wrong with connectors."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT


def test_the_folder_of_the_setting_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "parcel.yaml").write_text("title: Parcel\neffect: reed\n")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.doctor"],
        cwd=ROOT,
        env={**os.environ, "CONNECTORS_DIR": str(tmp_path), "ENGINE": "lite"},
        capture_output=True,
        timeout=100,
    )
    found = [line for line in done.stdout.decode().splitlines() if "connector" in line]
    assert len(found) == 1, found
    assert found[0].startswith("note    connector parcel.yaml:")
