"""The vendored browser libraries equal the npm packages that VERSIONS names by digest."""

import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

VENDOR = ROOT / "frontend" / "assets" / "vendor"
LINES = [line.split() for line in (VENDOR / "VERSIONS").read_text().splitlines()]


@pytest.mark.parametrize("line", LINES, ids=[line[0] for line in LINES])
def test_a_vendored_library_is_what_its_package_holds(line: list[str]) -> None:
    name, version, _, *files = line
    package = ROOT / ".cache" / "npm" / name
    if not (package / f"{version}.stamp").is_file():
        subprocess.run([ROOT / "scripts" / "test-tools"], check=True)
    for file in files:
        assert (VENDOR / f"{name}-{version}" / Path(file).name).read_bytes() == (
            package / file
        ).read_bytes()


def test_nothing_is_vendored_that_versions_does_not_name() -> None:
    named = {
        f"{name}-{version}/{Path(file).name}"
        for name, version, _, *files in LINES
        for file in files
    }
    there = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    assert there == named | {"VERSIONS"}
