"""Rules of the project that a test can check."""

import re
import subprocess
from pathlib import Path

import yaml

from tests.support.paths import ROOT


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).is_file()]


def test_no_requirement_names_a_registry_and_each_has_hashes() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text
        assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", text.strip()))


def test_every_make_target_is_explained_and_every_script_runs() -> None:
    targets = re.findall(r"^([a-z-]+):.*?(## .+)?$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [name for name, help in targets if not help] == []
    for path in (ROOT / "scripts").iterdir():
        if path.suffix == "" and path.is_file():
            assert path.stat().st_mode & 0o111, path


def test_no_test_imports_a_benchmark() -> None:
    """Benchmarks may use tests/support; tests of a benchmark stand in benchmarks/tests."""
    for path in (ROOT / "tests").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) benchmarks\b", path.read_text("utf-8"), re.M), path


def test_a_gateway_module_fits_in_the_head() -> None:
    long = [
        path
        for path in tracked()
        if path.suffix == ".py"
        and "tests" not in path.parts
        and len(path.read_text().splitlines()) > 330
    ]
    assert long == []


def test_what_a_check_is_told_to_pass_over_has_a_reason() -> None:
    marks = re.compile(
        r"# noqa(?!: [A-Z0-9, ]+ - \S)"
        r"|# type: ignore(?!\[[a-z, -]+\]  # \S)"
        r"|// eslint-disable(?!.* -- \S)"
        r"|# shellcheck disable=(?!\w+ # \S)"
    )
    kinds = (".py", ".js", ".mjs", ".sh", "")
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix in kinds and "vendor" not in path.parts and path != Path(__file__)
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if marks.search(line)
    ]
    assert bare == []


def test_workflows_and_compose_files_are_yaml() -> None:
    for path in [ROOT / "docker-compose.yml", *(ROOT / "compose").glob("*.yml")]:
        assert "services" in yaml.safe_load(path.read_text())
