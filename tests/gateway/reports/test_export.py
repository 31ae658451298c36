"""Exports of real databases: lines, tables, training data."""

import base64
import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.reports import training_export
from gateway.reports.exchanges import Filters
from gateway.reports.export_lines import COLUMNS, ExportLines, _row
from gateway.reports.period import Period, period_of
from gateway.reports.training_export import TrainingExport
from gateway.reports.training_forms import Form, Pictures
from gateway.storage.clause_corrections import ClauseCorrections
from gateway.storage.database import Database
from gateway.storage.feedback import Ratings
from gateway.storage.file_store import FileStore
from gateway.storage.turns import Answered, Asked, now
from tests.support.databases import CITATION, ME, ask, close_turn, open_turns
from tests.support.pictures import block, png

PNG_WITH_TEXT = png(4, 4, block(b"tEXt", b"Comment\0secret"))
ALL = Filters()


def whole() -> Period:
    return period_of("0", "", "", now() + 1000)


def lines_of(database: Database, filters: Filters = ALL) -> list[dict[str, Any]]:
    lines = ExportLines(database, lambda owner: f"pseudonym of {owner[:4]}", lambda action: {})
    return [orjson.loads(one) for one in _joined(lines.json_lines(whole(), filters)).splitlines()]


def _joined(pieces: Any) -> bytes:
    return b"".join(pieces)


def table_of(database: Database) -> list[dict[str, str]]:
    lines = ExportLines(database, lambda owner: "somebody", lambda action: {})
    text = _joined(lines.table(whole(), ALL)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def training(database: Database, files: FileStore) -> TrainingExport:
    return TrainingExport(database, files)


def examples(
    training: TrainingExport, form: Form = "openai", pictures: Pictures = "reference"
) -> list[dict[str, Any]]:
    found = _joined(training.lines(whole(), ALL, form, pictures))
    return [orjson.loads(one) for one in found.splitlines()]


def card_of(training: TrainingExport, pictures: Pictures = "reference") -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(_joined(training.card(whole(), ALL, "openai", pictures)))
    return told


def rate(database: Database, number: int, rating: str = "up", reason: str = "") -> None:
    Ratings(database).rate(ME, f"answer-{number}", rating, reason or None)


def correct(database: Database, number: int, text: str) -> None:
    ClauseCorrections(database).add(f"answer-{number}", text, [], "anna")


def test_a_filter_leaves_the_exchanges_that_fit_it(database: Database) -> None:
    for number in range(3):
        ask(database, number, conversation_id=f"conversation-{number}")
    rate(database, 0)
    rate(database, 1, "down", "wrong")
    assert [one["object"] for one in lines_of(database)].count("exchange") == 3
    [down] = lines_of(database, Filters(rating="down"))
    assert (down["answer"]["id"], down["reason"]) == ("answer-1", "wrong")
    assert lines_of(database, Filters(outcome="no_clause")) == []


def test_an_unanswered_question_is_a_line_too(database: Database) -> None:
    open_turns(database, Asked(ME, "conversation-1", "answer-1", "one"))
    with database.connected() as connection:
        connection.exec_driver_sql("DELETE FROM turns WHERE role = 'assistant'")
    [exchange] = [one for one in lines_of(database) if one["object"] == "exchange"]
    assert (exchange["question"]["text"], exchange["answer"]) == ("one", None)


def test_an_export_goes_on_over_many_pages(database: Database) -> None:
    for number in range(450):
        ask(database, number, f"question {number}", conversation_id=f"conversation-{number}")
    asked = [one["question"]["text"] for one in lines_of(database) if one["object"] == "exchange"]
    assert sorted(asked) == sorted(f"question {number}" for number in range(450))


def test_nothing_that_leaves_the_desk_names_a_person(database: Database) -> None:
    ask(database, 1, "我的电话是13812345678", person="13812345678")
    rate(database, 1, "down", "call zhang.san@example.com")
    correct(database, 1, "请打 13987654321 找我")
    told = orjson.dumps(lines_of(database)).decode()
    table = str(table_of(database))
    for secret in ("13812345678", "zhang.san@", "13987654321", ME):
        assert secret not in told
        assert secret not in table
    assert "139****4321" in told


def test_a_table_runs_no_formula(database: Database) -> None:
    for number, formula in enumerate(("=1+1", "@SUM(A1)", "+1", "-1", "\t=1", "＝1")):
        ask(database, number, formula, conversation_id=f"conversation-{number}")
    rows = table_of(database)
    assert tuple(rows[0]) == COLUMNS
    assert all(row["question"].startswith("'") for row in rows)
    assert {row["answer"] for row in rows} == {f"answer {number}" for number in range(6)}


@pytest.mark.parametrize("text", ["hello;=1+1", "hello;  ＝1", "a\t@SUM(A1)", "a\n\n+1", ";-1"])
def test_a_formula_behind_what_may_separate_cells_is_text(text: str) -> None:
    [cell] = next(csv.reader(io.StringIO(_row([text]))))
    at = cell.index("'")
    assert cell[:at] + cell[at + 1 :] == text
    assert cell[at + 1] in "=＝@+-"
    assert _row(["a; b - c", 5, True]) == '"a; b - c","5","yes"\r\n'


def test_training_data_is_what_was_rated_up_or_corrected(
    database: Database, training: TrainingExport
) -> None:
    for number, question in enumerate(("good", "bad", "corrected", "unrated")):
        ask(database, number, question, conversation_id=f"conversation-{number}")
    for number, rating in enumerate(("up", "down", "down")):
        rate(database, number, rating)
    correct(database, 2, "a better answer")
    found = [one["messages"] for one in examples(training)]
    assert [(one[-2]["content"], one[-1]["content"]) for one in found] == [
        ("good", "answer 0"),
        ("corrected", "a better answer"),
    ]
    assert CITATION["text"] in found[0][0]["content"]
    assert found[1][0] == {
        "role": "system",
        "content": "Answer from these clauses:\n\na better answer",
    }


def test_earlier_answers_are_context_and_are_not_learnt(
    database: Database, training: TrainingExport
) -> None:
    ask(database, 1, "first")
    ask(database, 2, "second")
    rate(database, 2)
    [messages] = [one["messages"] for one in examples(training)]
    assert [(one["role"], one.get("weight")) for one in messages[1:]] == [
        ("user", None),
        ("assistant", 0),
        ("user", None),
        ("assistant", None),
    ]
    [shared] = examples(training, "sharegpt")
    assert [one["from"] for one in shared["conversations"]] == ["human", "gpt"] * 2


def test_the_same_question_with_the_same_answer_is_one_example(
    database: Database, training: TrainingExport
) -> None:
    for number in range(3):
        conversation = f"conversation-{number}"
        open_turns(database, Asked(ME, conversation, f"answer-{number}", "the  same"))
        close_turn(database, f"answer-{number}", Answered("done", "one answer"))
        rate(database, number)
    assert len(examples(training)) == 1
    card = card_of(training)
    assert (card["examples"], card["duplicates_left_out"]) == (1, 2)


def test_a_card_may_be_left_half_counted(
    database: Database, training: TrainingExport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_export, "PIECE", 2)
    for number in range(5):
        ask(database, number, f"question {number}", conversation_id=f"conversation-{number}")
        rate(database, number)
    pieces = list(training.card(whole(), ALL, "openai", "reference"))
    assert pieces[:-1] == [b""] * 4  # two while they are counted, two while they are read
    told = orjson.loads(pieces[-1])
    assert (told["examples"], told["train"], told["test"]) == (5, 5, 0)


def test_pictures_are_named_or_embedded_without_their_metadata(
    database: Database, files: FileStore, training: TrainingExport
) -> None:
    picture = files.add(ME, "screen.png", "image/png", PNG_WITH_TEXT, 1, from_page=True)
    document = files.add(ME, "contract.pdf", "application/pdf", b"%PDF-1.7", 1, from_page=True)
    ask(database, 1, "what is <image> this", file_ids=(picture.id, document.id))
    rate(database, 1)
    [named] = examples(training)
    assert named["messages"][1]["content"][0]["image_url"]["url"] == f"sightdesk-file:{picture.id}"
    [embedded] = examples(training, "sharegpt", "embedded")
    [url] = embedded["images"]
    kept = base64.b64decode(url.removeprefix("data:image/png;base64,"))
    assert kept.startswith(b"\x89PNG")
    assert b"tEXt" in PNG_WITH_TEXT
    assert b"tEXt" not in kept
    assert embedded["conversations"][0]["value"] == "<image>what is < image > this"
    card = card_of(training, "embedded")
    assert (card["pictures_total"], card["files_left_out"]) == (1, 1)


def test_a_split_by_time_trains_on_the_older_ones_and_counts_both(
    database: Database, training: TrainingExport
) -> None:
    for number in range(20):
        ask(database, number, f"question {number}", conversation_id=f"conversation-{number}")
        rate(database, number)
    with database.connected() as connection:
        connection.exec_driver_sql("UPDATE turns SET created_at = created_at + number")
    packed = _joined(training.archive(whole(), ALL, "openai", "reference"))
    archive = zipfile.ZipFile(io.BytesIO(packed))
    parts = {
        name: [
            orjson.loads(line)["messages"][-2]["content"]
            for line in archive.read(f"{name}.jsonl").splitlines()
        ]
        for name in ("train", "test")
    }
    assert parts["test"] == ["question 18", "question 19"]
    assert parts["train"] == [f"question {number}" for number in range(18)]
    card = orjson.loads(archive.read("card.json"))
    assert (card["examples"], card["train"], card["test"]) == (20, 18, 2)
    assert (card["rated_up"], card["corrected"]) == (20, 0)
    assert card["oldest"] <= card["first_of_test"] <= card["newest"]
