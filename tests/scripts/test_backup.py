"""`make backup`, `backup-verify` and `restore` on a copy of the project, while a gateway writes."""

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.backup.archive import checked
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.file_store import FileStore
from gateway.storage.turns import Answered, Asked
from tests.support.backups import cut, unpacked
from tests.support.databases import close_turn, open_turns, whole
from tests.support.paths import ROOT

SCRIPTS = ("scripts.backup", "scripts.backup_verify", "scripts.restore")

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copied(tmp_path / "project")


def copied(folder: Path) -> Path:
    for part in ("scripts", "gateway", "knowledge", "connectors"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".env.example", folder)
    (folder / "nginx/users").mkdir(parents=True)
    (folder / "nginx/users/htpasswd").write_text("anna:hash\n")
    (folder / "data/files").mkdir(parents=True)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    return folder


def tried(
    project: Path, script: str, *arguments: str, **environ: str
) -> "subprocess.CompletedProcess[str]":
    given = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("BACKUP_")
    }
    # Standard library only, as on a Docker host.
    program = f"import sys; sys.path.insert(0, '.'); from {script} import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-S", "-c", program, *arguments],
        cwd=project,
        env=given | environ,
        capture_output=True,
        text=True,
        timeout=300,
    )


def run(project: Path, script: str, *arguments: str, **environ: str) -> str:
    ended = tried(project, script, *arguments, **environ)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def ask(database: Database, number: int) -> None:
    open_turns(database, Asked("me", "conversation", f"answer-{number}", f"question {number}"))
    close_turn(database, f"answer-{number}", Answered("done", f"answer {number}"))


def opened(project: Path) -> Database:
    return open_database(f"sqlite:///{project}/data/sightdesk.db", lambda: None)


def questions(project: Path) -> list[str]:
    database = opened(project)
    conversations = Conversations(database, FileStore(project / "data/files"))
    messages = whole(conversations, "conversation", "me")["messages"]
    database.close()
    texts = [turn["text"] for turn in messages]
    return [text for text in texts if text.startswith("question")]


def test_a_backup_beside_a_writing_gateway_is_whole_and_comes_back(project: Path) -> None:
    database = opened(project)
    ask(database, 0)
    (project / "data/files/one").write_text("a file")
    stop = threading.Event()

    def write() -> None:
        number = 1
        while not stop.is_set():
            ask(database, number)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    archive = run(project, "scripts.backup")
    stop.set()
    writer.join()
    held = checked(project / archive).tables["turns"] // 2
    verified = run(project, "scripts.backup_verify")
    assert f"Verifying {archive}" in verified
    assert f"turns {2 * held}" in verified or f"turns {2 * held + 1}" in verified
    (project / "data/files/two").write_text("a later file")
    (project / "knowledge/later.md").write_text("# later")
    (project / "nginx/users/htpasswd").write_text("eve:hash\n")
    database.close()
    assert "Restored" in run(project, "scripts.restore", archive)
    found = questions(project)
    assert found == [f"question {number}" for number in range(len(found))]
    assert len(found) in (held, held + 1)
    assert [path.name for path in (project / "data/files").iterdir()] == ["one"]
    assert not (project / "knowledge/later.md").exists()
    assert (project / "nginx/users/htpasswd").read_text() == "anna:hash\n"
    assert not list(project.glob("**/.restore-*"))


def test_a_backup_before_the_first_start_holds_no_database(project: Path) -> None:
    archive = project / run(project, "scripts.backup")
    assert archive.stat().st_mode & 0o077 == 0
    manifest = checked(archive)
    assert manifest.revision is None
    assert "users/htpasswd" in manifest.members
    run(project, "scripts.backup_verify", archive.name)
    run(project, "scripts.restore", archive.name)


def test_settings_go_in_without_secrets_unless_somebody_asks(project: Path) -> None:
    environ = {"STAFF_USERS": "anna,li", "EMBED_SECRET": "signs-tokens", "RATE_LIMIT_KEY": "9/hour"}
    held = unpacked(project / run(project, "scripts.backup", **environ))["settings.env"].decode()
    assert {"STAFF_USERS=anna,li", "RATE_LIMIT_KEY=9/hour"} <= set(held.splitlines())
    assert "signs-tokens" not in held
    assert "# EMBED_SECRET is a secret and was left out." in held


@pytest.mark.parametrize("script", ["scripts.restore", "scripts.backup_verify"])
def test_an_archive_that_cannot_be_used_is_refused_in_one_line(project: Path, script: str) -> None:
    opened(project).close()
    archive = project / run(project, "scripts.backup")
    (project / "knowledge/later.md").write_text("# later")
    shorter = cut(archive, 0.5)
    for given in (shorter.name, "nothing.tar.gz"):
        ended = tried(project, script, given)
        assert ended.returncode != 0
        assert re.fullmatch(r"(make|backup).*\n", ended.stderr), ended.stderr
    assert (project / "knowledge/later.md").exists()


def test_an_encrypted_backup_needs_its_key(project: Path) -> None:
    from pyrage import x25519

    owner = x25519.Identity.generate()
    opened(project).close()
    archive = run(project, "scripts.backup", BACKUP_AGE_RECIPIENT=str(owner.to_public()))
    assert archive.endswith(".tar.gz.age")
    assert "IDENTITY" in tried(project, "scripts.restore", archive).stderr
    key = project / "key.txt"
    key.write_text(f"{owner}\n")
    assert "Restored" in run(project, "scripts.restore", archive, IDENTITY=str(key))
    assert "can be restored" in run(project, "scripts.backup_verify", "", IDENTITY=str(key))


def test_a_machine_without_packages_is_told_so(project: Path) -> None:
    (project / ".venv").unlink()
    ended = tried(project, "scripts.backup")
    assert (ended.returncode, ended.stderr) == (
        1,
        "make backup: nothing is installed here yet: make setup\n",
    )


def test_scripts_for_a_docker_host_need_no_package() -> None:
    for script in SCRIPTS:
        subprocess.run([sys.executable, "-S", "-c", f"import {script}"], cwd=ROOT, check=True)
