"""`make knowledge-check` finds copies, contradictions and translations that differ, and nothing in
the sample business."""

from datetime import date
from pathlib import Path

import pytest

from gateway.knowledge.checks import findings
from gateway.knowledge.numbers import said, stated, without_numbers
from scripts.knowledge_check import main
from tests.support.knowledge import parse
from tests.support.paths import ROOT

TODAY = date(2026, 11, 29)


def found_in(files: dict[str, str]) -> list[tuple[bool, str, str]]:
    clauses = [clause for name, text in files.items() for clause in parse(text, name)]
    return [(one.is_error, one.path, one.reason) for one in findings(clauses, TODAY)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("七天内", {7}),
        ("十五个工作日", {15}),
        ("三百二十元", {320}),
        ("两万元", {20_000}),
        ("1.5 万元", {15_000}),
        ("２０ 天", {20}),
        ("1,600.00 元", {1600}),
        ("within seven days", {7}),
        ("一般情况", set()),
    ],
)
def test_numbers_are_read_in_digits_and_in_words(text: str, values: set[float]) -> None:
    assert said(text) == values


def test_only_digits_are_stated() -> None:
    assert stated("七天内退 30 元") == {30}
    assert without_numbers("七天内退 30 元") == ("#天内退#元", (7, 30))


def test_one_sentence_with_two_numbers_is_an_error() -> None:
    (found,) = found_in(
        {"a.md": "## 1.1 押金\n押金在 3 天内退还。\n", "b.md": "## 4.2 押金\n押金在五天内退还。\n"}
    )
    assert found[:2] == (True, "b.md")
    assert "5 and 3" in found[2]


def test_near_sentences_with_two_numbers_are_a_warning() -> None:
    (found,) = found_in(
        {
            "a.md": "## 1.1 押金退还\n设备验收后，押金在 3 天内退还到原支付账户。\n",
            "b.md": "## 4.2 押金退还\n设备验收合格后，押金将在 5 天内退还到原支付账户里。\n",
        }
    )
    assert found[0] is False


def test_a_list_of_products_contradicts_itself_nowhere() -> None:
    faq = (ROOT / "tests" / "data" / "knowledge" / "faq.md").read_text("utf-8")
    assert found_in({"faq.md": faq}) == []


def test_copies_are_named_with_both_places() -> None:
    text = "## 1.1 押金\n押金在三天内退还到原账户。\n"
    (found,) = found_in({"a.md": text, "b.md": "# B\n\n" + text})
    assert found[1:] == ("b.md", "1.1 “B · 押金” has the same text as a.md line 1, 1.1 “a · 押金”")


def test_a_translation_with_another_number_is_an_error() -> None:
    found = found_in(
        {
            "zh/a.md": "## 1.1 押金\n押金在 3 天内退还。\n",
            "en/a.md": "## 1.1 Deposit\nThe deposit comes back within 5 days.\n",
        }
    )
    assert [(one[0], one[1]) for one in found] == [(True, "en/a.md")]
    assert "5 and 3" in found[0][2]


def test_a_number_in_words_is_the_same_in_a_translation() -> None:
    assert (
        found_in(
            {
                "zh/a.md": "## 1.1 押金\n押金在七天内退还。\n",
                "en/a.md": "## 1.1 Deposit\nThe deposit comes back within 7 days.\n",
            }
        )
        == []
    )


def test_missing_translations_are_named() -> None:
    found = found_in(
        {
            "zh/a.md": "## 1.1 押金\n押金退还。\n## 1.2 门锁\n门锁重启。\n",
            "en/a.md": "## 1.1 Deposit\nThe deposit comes back.\n",
            "zh/b.md": "## 2.1 票\n电子票。\n",
        }
    )
    assert found == [
        (False, "zh/b.md", "has no translation in en"),
        (False, "zh/a.md", "1.2 “a · 门锁” has no counterpart in en/a.md"),
    ]


def test_expired_clauses_are_named_and_compared_with_none() -> None:
    found = found_in(
        {
            "a.md": "---\nexpires: 2026-11-28\n---\n## 1.1 押金\n押金在 3 天内退还。\n",
            "b.md": "## 4.2 押金\n押金在五天内退还。\n",
        }
    )
    assert found == [(False, "a.md", "1.1 “a · 押金” expired on 2026-11-28")]


def test_the_sample_business_has_nothing_wrong() -> None:
    folder = ROOT / "knowledge"
    files = {
        str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*.md")
    }
    assert found_in(files) == []


def test_the_command_prints_a_list_by_file_and_fails_on_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.md").write_text("## 1.1 押金\n押金退还。\n", "utf-8")
    monkeypatch.setenv("EMBEDDING_URL", "")  # no engine is started
    monkeypatch.setattr("sys.argv", ["check", str(tmp_path)])
    assert main() == 0
    out = capsys.readouterr().out
    assert "Nothing is wrong." in out
    assert "by words alone" in out
    (tmp_path / "faq.csv").write_text("question,answer\n门锁？,\n", "utf-8")
    (tmp_path / "old.doc").write_bytes(b"x")
    assert main() == 1
    out = capsys.readouterr().out
    assert "faq.csv\n  error   row 2: has no answer; it is left out\n          → " in out
    assert "old.doc\n  error   .doc files are not read; save it as DOCX" in out
