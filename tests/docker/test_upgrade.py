"""`make upgrade` in real Docker: a version that works, then ones that answer wrongly or do not
start and go back. On the same stack `make backup`, `restore` and `bundle`."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.storage import schema
from tests.support.paths import ROOT
from tests.support.servers import free_port

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

QUESTION = "退货流程是什么？"
MIGRATION = '''"""{title}"""

from alembic import op

revision = "{revision}"
down_revision = "{before}"
GOES_BACK = False
BACK = "A test."


def upgrade() -> None:
    op.execute("{statement}")
'''
DOES_NOT_START = """
import sys
print("gateway: this version does not work", file=sys.stderr)
sys.exit(1)
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A copy of the project with images, ports and containers of its own."""

    folder: Path
    port: int

    def make(self, target: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["make", target],
            cwd=self.folder,
            env={**clean_environ(), **environ},
            capture_output=True,
            text=True,
            timeout=1500,
        )

    def compose(self, *arguments: str) -> str:
        command = ["docker", "compose", *arguments]
        ended = subprocess.run(
            command, cwd=self.folder, env=clean_environ(), capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def edit(self, path: str, was: str, now: str) -> None:
        file = self.folder / path
        text = file.read_text("utf-8")
        assert was in text, path
        file.write_text(text.replace(was, now), "utf-8")

    def release(self, version: int, statement: str) -> None:
        """Makes the sources those of a version with one more migration."""
        before = schema.NEWEST if version == 2 else f"900{version - 1}"
        self.edit("docker-compose.yml", f":test{version - 1}", f":test{version}")
        self.edit("gateway/storage/schema.py", f'"{before}"', f'"900{version}"')
        (self.folder / f"gateway/storage/migrations/versions/900{version}_test.py").write_text(
            MIGRATION.format(
                title=f"Version {version}.",
                revision=f"900{version}",
                before=before,
                statement=statement,
            )
        )

    def image(self) -> str:
        identity = self.compose("ps", "-q", "gateway").strip()
        form = ["docker", "inspect", "-f", "{{.Config.Image}}", identity]
        return subprocess.run(form, capture_output=True, text=True, check=True).stdout.strip()

    def revision(self) -> str:
        return self.compose(
            "exec", "-T", "gateway", "/venv/bin/python", "-m", "gateway.backup", "revision"
        ).strip()

    def call(self, method: str, path: str, **more: Any) -> Any:
        url = f"http://127.0.0.1:{self.port}{path}"
        headers = {"Authorization": "Bearer sk-upgrade"}
        answer = requests.request(method, url, headers=headers, timeout=120, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def said(self) -> list[list[str]]:
        """The texts of each stored conversation."""
        listed = self.call("GET", "/api/conversations")["data"]
        return [
            [
                turn["text"]
                for turn in self.call("GET", f"/api/conversations/{one['id']}")["messages"]
            ]
            for one in listed
        ]


def clean_environ() -> dict[str, str]:
    ours = re.compile("COMPOSE_|ENGINE|HTTP_PORT|HTTPS_PORT|DATABASE_URL|BUNDLE")
    return {name: value for name, value in os.environ.items() if not ours.match(name)}


def remove_images() -> None:
    """Those of every version that was made here: each has hundreds of megabytes."""
    named = ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "sd-backup/*"]
    listed = subprocess.run(named, capture_output=True, text=True, check=True).stdout.split()
    if listed:
        subprocess.run(["docker", "rmi", "-f", *listed], capture_output=True, check=True)


def question(text: str) -> dict[str, Any]:
    return {"stream": False, "messages": [{"role": "user", "content": text}]}


@pytest.fixture(scope="module")
def project(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("upgrade") / "sightdesk"
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(("tests/", "benchmarks/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    made = Project(folder, free_port())
    (folder / ".env").write_text(
        f"ENGINE=lite\nHTTP_PORT={made.port}\nHTTPS_PORT={free_port()}\n"
        "COMPOSE_PROJECT_NAME=sd-backup\nPRIVATE_SUBNET=172.30.97.0/24\nPROXY_SECRET=between-us\n"
        "BASIC_AUTH_PASSWORD=desk-password\nAPI_KEYS=shop:sk-upgrade\nEMBED_SECRET=signs-tokens\n"
    )
    for name in ("docker-compose.yml",):
        text = (folder / name).read_text("utf-8")
        text = re.sub(r"image: sightdesk/(\w+):[\w.]+", r"image: sd-backup/\1:test1", text)
        (folder / name).write_text(text, "utf-8")
    try:
        started = made.make("up")
        assert started.returncode == 0, started.stdout[-3000:] + started.stderr[-3000:]
        yield made
    finally:
        subprocess.run(
            ["docker", "compose", "down", "-v", "--timeout", "10"],
            cwd=folder,
            env=clean_environ(),
            capture_output=True,
        )
        remove_images()


def test_a_version_that_works_takes_over_the_data(project: Project) -> None:
    body = question(QUESTION)
    project.call("POST", "/api/chat", json=body)
    before = project.said()
    assert before[0][0] == QUESTION
    project.release(2, "CREATE TABLE second (id INTEGER)")
    ended = project.make("upgrade")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "migration 9002" in ended.stdout
    assert project.image() == "sd-backup/gateway:test2"
    assert project.revision() == "9002"
    assert project.said() == before  # the questions of the check left nothing
    archives = list(project.folder.glob("backup-*.tar.gz"))
    assert [one.name in ended.stdout for one in archives] == [True]


def test_a_backup_comes_back_on_an_empty_machine_with_other_secrets(project: Project) -> None:
    before = project.said()
    (project.folder / "nginx/users/htpasswd").write_text("li:hash\n")
    (project.folder / "knowledge/own.md").write_text("# 1. Own\n1.1 Ours alone.\n")
    for old in project.folder.glob("backup-*"):
        old.unlink()
    made = project.make("backup")
    assert made.returncode == 0, made.stderr
    archive = made.stdout.strip().splitlines()[-1]
    assert "can be restored" in project.make("backup-verify").stdout
    project.compose("down", "-v", "--timeout", "10")
    (project.folder / "nginx/users/htpasswd").unlink()
    (project.folder / "knowledge/own.md").unlink()
    env = project.folder / ".env"
    env.write_text(env.read_text().replace("between-us", "another-one").replace("signs-", "new-"))
    restored = project.make("restore", FILE=archive)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert "another-one" in env.read_text()
    started = project.make("up")
    assert started.returncode == 0, started.stdout[-2000:] + started.stderr[-2000:]
    assert project.said() == before
    assert (project.folder / "nginx/users/htpasswd").read_text() == "li:hash\n"
    assert (project.folder / "knowledge/own.md").exists()


def test_a_bundle_brings_the_images_to_a_host_without_them(project: Project) -> None:
    before = project.said()
    made = project.make("bundle", FILE="desk.tar")
    assert made.returncode == 0, made.stdout + made.stderr
    project.compose("down", "--timeout", "10")
    remove_images()
    started = project.make("up", BUNDLE="desk.tar")
    assert started.returncode == 0, started.stdout[-2000:] + started.stderr[-2000:]
    assert "Loading " in started.stdout
    assert project.said() == before
    (project.folder / "desk.tar").unlink()


def test_a_version_that_starts_and_refuses_pictures_goes_back_with_the_data(
    project: Project,
) -> None:
    before = project.said()
    project.release(3, "UPDATE turns SET text = 'lost'")
    wrong = "    DATA_DIR: /data\n", '    DATA_DIR: /data\n    IMAGE_MAX_BYTES: "2000"\n'
    project.edit("docker-compose.yml", *wrong)
    ended = project.make("upgrade")
    project.edit("docker-compose.yml", *reversed(wrong))
    assert ended.returncode != 0
    assert "picture: upload: 413 image_too_large" in ended.stderr, ended.stdout + ended.stderr
    assert "The old version serves again" in ended.stderr, ended.stdout + ended.stderr
    assert project.image() == "sd-backup/gateway:test2"
    assert project.revision() == "9002"
    assert project.said() == before


def test_a_version_that_does_not_start_goes_back_with_the_data(project: Project) -> None:
    before = project.said()
    project.release(4, "UPDATE turns SET text = 'lost'")
    with (project.folder / "gateway/composition/lifecycle.py").open("a") as file:
        file.write(DOES_NOT_START)
    # It comes as far as its migrations: `gateway.backup` does not import what fails.
    project.edit("gateway/__main__.py", "from gateway.app import create_app\n", "")
    project.edit(
        "gateway/__main__.py",
        "        app = create_app(settings)\n",
        "        from gateway.storage.database import open_database\n"
        "        open_database(settings.database_url.get_secret_value(), print).close()\n"
        "        from gateway.app import create_app\n"
        "        app = create_app(settings)\n",
    )
    ended = project.make("upgrade")
    assert ended.returncode != 0
    assert "gateway: this version does not work" in ended.stderr
    assert "The old version serves again" in ended.stderr, ended.stdout + ended.stderr
    assert project.image() == "sd-backup/gateway:test2"
    assert project.revision() == "9002"
    assert project.said() == before
    project.call("POST", "/api/chat", json=question("发票怎么开？"))
    assert len(project.said()) == len(before) + 1


def test_a_migration_that_fails_on_the_copy_changes_nothing(project: Project) -> None:
    before, started = project.said(), project.compose("ps", "-q", "gateway")
    project.edit(
        "gateway/storage/migrations/versions/9004_test.py",
        "UPDATE turns SET text = 'lost'",
        "SELECT nothing FROM nowhere",
    )
    ended = project.make("upgrade")
    assert ended.returncode != 0
    assert "a migration fails on it" in ended.stderr
    assert "nothing was changed" in ended.stderr
    assert project.compose("ps", "-q", "gateway") == started
    assert project.said() == before
