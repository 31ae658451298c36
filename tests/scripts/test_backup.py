"""`make backup` and `make restore` on a copy of the project, while a gateway writes."""

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.file_store import FileStore
from gateway.storage.turns import Answered, Asked
from tests.support.databases import close_turn, open_turns, whole
from tests.support.paths import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for part in ("scripts", "gateway", "knowledge"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "nginx/users").mkdir(parents=True)
    (folder / "data/files").mkdir(parents=True)
    return folder


def run(project: Path, script: str, *arguments: str) -> str:
    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [str(project / "scripts" / script), *arguments]
    return subprocess.run(
        command, env=environ, check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


def ask(database: Database, number: int) -> None:
    open_turns(database, Asked("me", "conversation", f"answer-{number}", f"question {number}"))
    close_turn(database, f"answer-{number}", Answered("done", f"answer {number}"))


def test_a_backup_beside_a_writing_gateway_is_whole_and_comes_back(project: Path) -> None:
    url = f"sqlite:///{project}/data/sightdesk.db"
    database = open_database(url, lambda: None)
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
    archive = run(project, "backup")
    stop.set()
    writer.join()
    assert (
        project / "data/sightdesk.db-wal"
    ).stat().st_size > 0  # what a plain copy would have missed
    # The old gateway dies here without a word; its leftovers must not get into what is restored.
    for name in ("sightdesk.db", "sightdesk.db-wal", "sightdesk.db-shm"):
        shutil.copy(project / "data" / name, project / name)
    database.close()
    for name in ("sightdesk.db", "sightdesk.db-wal", "sightdesk.db-shm"):
        (project / name).replace(project / "data" / name)
    run(project, "restore", archive)
    restored = open_database(url, lambda: None)
    conversations = Conversations(restored, FileStore(project / "data/files"))
    messages = whole(conversations, "conversation", "me")["messages"]
    texts = [turn["text"] for turn in messages if turn.get("state") != "failed"]
    assert texts[:2] == ["question 0", "answer 0"]
    questions = [text for text in texts if text.startswith("question")]
    assert questions == [f"question {number}" for number in range(len(messages) // 2)]
    with restored.reading() as session:
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    restored.close()
    assert (project / "data/files/one").read_text() == "a file"


def test_a_backup_before_the_first_start_holds_no_database(project: Path) -> None:
    archive = project / run(project, "backup")
    listed = subprocess.run(
        ["tar", "-tzf", archive], check=True, capture_output=True, text=True
    ).stdout
    assert "data/files" in listed
    assert "sightdesk.db" not in listed
