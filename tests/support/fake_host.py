"""A copy of the scripts on a host whose programs are scripts of the test: docker, nvidia-smi."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT

# The first [words, output, code] whose words all stand in the command is the answer.
PROGRAM = """\
#!{python}
import json, pathlib, sys
asked = " ".join(sys.argv[1:])
for words, output, code in json.loads(pathlib.Path(__file__ + ".json").read_text()):
    if all(word in asked for word in words.split()):
        print(output)
        sys.exit(code)
"""
TOOLS = ("bash", "sh", "cat", "dirname", "env", "grep", "sed", "tail", "timeout")
COPIED = (".env.example", "docker-compose.yml", "pyproject.toml")
COPIED_FOLDERS = ("scripts", "compose", "nginx")
LINKED_FOLDERS = ("gateway", "inference", "requirements")
# A host on which nothing is wrong. Each answer can be overruled by one before it.
GOOD: tuple[tuple[str, str, int], ...] = (
    ("info .Runtimes", '{"nvidia": {}, "runc": {}}', 0),
    ("info", "", 0),
    ("compose version", "2.30.1", 0),
    ("compose config --format json", '{"services": {}}', 0),
    ("volume inspect", "[]", 0),
)
CARD = (("--query-gpu", "NVIDIA L4, 23034 MiB, 580.95.05, 8.9", 0),)

Answers = tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Host:
    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def answers(self, name: str, answers: Answers) -> None:
        """The program `name` is on PATH and says this."""
        program = self.folder / "bin" / name
        program.write_text(PROGRAM.format(python=sys.executable))
        program.chmod(0o755)
        program.with_name(f"{name}.json").write_text(json.dumps(answers))

    def run(self, *command: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        kept = {"PATH": str(self.folder / "bin"), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            command, cwd=self.project, env=kept | environ, capture_output=True, text=True,
            timeout=100,
        )  # fmt: skip

    def module(self, name: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        return self.run("python3", "-m", name, **environ)


def make_host(folder: Path, docker: Answers | None = (), nvidia: Answers | None = None) -> Host:
    """`docker` comes before GOOD; None is a host without the program."""
    host = Host(folder)
    for name in COPIED_FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", "tls.*", "htpasswd")
        shutil.copytree(ROOT / name, host.project / name, ignore=ignored)
    for path in host.project.rglob("*"):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    for name in LINKED_FOLDERS:
        (host.project / name).symlink_to(ROOT / name)
    for name in COPIED:
        shutil.copy(ROOT / name, host.project)
    (folder / "bin").mkdir()
    for name in TOOLS:
        (folder / "bin" / name).symlink_to(shutil.which(name) or name)
    (folder / "bin" / "python3").symlink_to(sys.executable)
    if docker is not None:
        host.answers("docker", (*docker, *GOOD))
    if nvidia is not None:
        host.answers("nvidia-smi", nvidia)
    return host


def env_file(host: Host, text: str) -> None:
    path = host.project / ".env"
    path.write_text(text)
    os.chmod(path, 0o600)
