"""scripts/check-shell finds a fault in a shell script and in nginx's files."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

TEMPLATE = "nginx/templates/default.conf.template"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("nginx", "frontend"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/check-shell", tmp_path / "scripts")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def checked(project: Path) -> "subprocess.CompletedProcess[str]":
    subprocess.run(["git", "add", "-A"], cwd=project, check=True)
    return subprocess.run(
        ["scripts/check-shell"], cwd=project, capture_output=True, text=True, timeout=60
    )


def test_a_wrong_directive_of_nginx_is_named(project: Path) -> None:
    assert checked(project).returncode == 0
    template = project / TEMPLATE
    template.write_text(template.read_text().replace("gzip on;", "gzip onn;"))
    found = checked(project)
    assert found.returncode == 1
    assert 'invalid value "onn" in "gzip" directive' in found.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed here")
def test_a_fault_of_a_shell_script_is_named(project: Path) -> None:
    (project / "scripts" / "wrong").write_text("#!/bin/sh\nrm -f $1\n")
    found = checked(project)
    assert found.returncode == 1
    assert "In scripts/wrong line 2" in found.stdout
