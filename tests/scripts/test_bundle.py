"""`make bundle` for a host without a network, and what `make up BUNDLE=…` refuses.

`docker` is a script of the test that keeps what it is given. tests/docker/test_upgrade.py loads a
bundle into a real one.
"""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import bundle
from scripts.bundle import IMAGES, MANIFEST, BadBundle
from scripts.checks.plan import Plan
from tests.support.paths import ROOT

SERVICES = {"nginx": {"image": "nginx:1.28"}, "lite": {"image": "sightdesk/lite:0.1.0"}}
DOCKER = f"""\
#!{sys.executable}
import pathlib, sys
here, words = pathlib.Path(__file__).parent, sys.argv[1:]
if words[0] == "save":
    pathlib.Path(words[2]).write_text(" ".join(words[3:]))
else:
    (here / "loaded").write_text(sys.stdin.read())
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what it was given."""
    made = tmp_path / "bin"
    made.mkdir()
    (made / "docker").write_text(DOCKER)
    (made / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{made}:{os.environ['PATH']}")
    return made


def plan(engine: str = "lite") -> Plan:
    return Plan(engine, {}, ROOT, SERVICES)


def packed(folder: Path, engine: str = "lite") -> Path:
    file = folder / "desk.tar"
    bundle.write(plan(engine), file)
    return file


def test_the_images_of_all_services_come_out_as_they_went_in(docker: Path, tmp_path: Path) -> None:
    bundle.check(plan(), packed(tmp_path)).load()
    assert (docker / "loaded").read_text() == "nginx:1.28 sightdesk/lite:0.1.0"


@pytest.mark.usefixtures("docker")
def test_the_list_names_the_models_that_an_engine_may_choose(tmp_path: Path) -> None:
    models = bundle.check(plan("gpu"), packed(tmp_path, "gpu")).manifest["models"]
    assert models
    assert all(one["model"] and one["weights_gib"] > 0 for one in models)
    assert bundle.models("lite") == []


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def apply(file: Path) -> None:
        with tarfile.open(file) as archive:
            parts = {one.name: archive.extractfile(one) for one in archive}
            held = {one: part.read() for one, part in parts.items() if part is not None}
        held[name] = change(held[name])
        with tarfile.open(file, "w") as archive:
            for one, data in held.items():
                bundle.add(archive, one, data)

    return apply


def other_sources(data: bytes) -> bytes:
    return json.dumps(json.loads(data) | {"sources": {"GATEWAY_SOURCE": "0"}}).encode()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (changed(IMAGES, lambda data: data + b"?"), "its images are damaged; copy it again"),
        (changed(MANIFEST, other_sources), "with other sources than this folder"),
        (changed(MANIFEST, lambda _: b"[]"), "no bundle of `make bundle`"),
        (lambda file: file.write_bytes(file.read_bytes()[:700]), "no bundle of `make bundle`"),
        (lambda file: file.write_bytes(b"hello"), "no bundle of `make bundle`"),
        (Path.unlink, "No such file"),
    ],
)
def test_what_cannot_be_used_is_refused_before_docker_gets_it(
    docker: Path, tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    file = packed(tmp_path)
    spoil(file)
    with pytest.raises(BadBundle, match=reason):
        bundle.check(plan(), file).load()
    assert not (docker / "loaded").exists()


@pytest.mark.usefixtures("docker")
def test_a_bundle_of_another_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="made for ENGINE=lite, this is ENGINE=cpu"):
        bundle.check(plan("cpu"), packed(tmp_path))


def test_before_make_up_there_is_nothing_to_pack(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "FILE": str(tmp_path / "desk.tar")}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bundle"],
        cwd=ROOT, env=environ, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("make bundle: run `make up` first; what is missing: ")
    assert not (tmp_path / "desk.tar").exists()
