"""examples/finetune takes what the export gives."""

import json
import time
from pathlib import Path

import pytest

from examples.finetune.prepare import prepare
from gateway.reports.exchanges import Filters
from gateway.reports.period import period_of
from gateway.reports.training_export import TrainingExport
from gateway.reports.training_forms import Pictures
from gateway.storage.database import Database, open_database
from gateway.storage.feedback import Ratings
from gateway.storage.file_store import FileStore
from tests.support.databases import ME, ask
from tests.support.pictures import png


def exported(database: Database, folder: Path, pictures: Pictures) -> Path:
    """An archive of ten conversations, each with a picture."""
    files = FileStore(folder / "files")
    for number in range(10):
        picture = files.add(ME, "a.png", "image/png", png(4, 4 + number), 1, from_page=True)
        ask(
            database,
            number,
            f"question {number}",
            conversation_id=f"conversation-{number}",
            file_ids=(picture.id,),
        )
        Ratings(database).rate(ME, f"answer-{number}", "up", None)
    period = period_of("0", "", "", round(1000 * time.time()) + 1000)
    export = TrainingExport(database, files)
    path = folder / "export.zip"
    path.write_bytes(b"".join(export.archive(period, Filters(), "openai", pictures)))
    return path


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(f"sqlite:///{tmp_path}/desk.db", lambda: None)


def test_an_export_becomes_messages_with_pictures_in_files(
    database: Database, tmp_path: Path
) -> None:
    counts = prepare(exported(database, tmp_path, "embedded"), tmp_path / "prepared")
    assert counts == {"train": 9, "test": 1}
    [line] = (tmp_path / "prepared" / "test.jsonl").read_text("utf-8").splitlines()
    example = json.loads(line)
    asked, answered = example["messages"][-2:]
    assert [part["type"] for part in asked["content"]] == ["image", "text"]
    assert answered == {
        "role": "assistant",
        "content": [{"type": "text", "text": answered["content"][0]["text"]}],
    }
    [picture] = example["images"]
    assert Path(picture).read_bytes().startswith(b"\x89PNG")


def test_an_export_without_its_pictures_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pictures=embedded"):
        prepare(exported(database, tmp_path, "reference"), tmp_path / "prepared")
