"""What a file declares of itself: title, dates, audience."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.knowledge import index as search_index
from gateway.knowledge.clauses import CUSTOMER, STAFF
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.sources.front import day_of
from gateway.knowledge.sources.front_matter import split_front
from tests.support.knowledge import parse

RULE = "## 3.2 押金\n押金三天内退还。\n"


def written(folder: Path, front: str) -> KnowledgeBase:
    (folder / "r.md").write_text(f"---\n{front}\n---\n{RULE}", "utf-8")
    return KnowledgeBase(folder)


@pytest.mark.parametrize(
    "said",
    ["2026-05-01", "2026/5/1", "2026.5.1", "2026年5月1日", "２０２６-05-01", "2026-05-01 00:00"],
)
def test_days_are_read_as_people_write_them(said: str) -> None:
    assert day_of(said) == date(2026, 5, 1)


@pytest.mark.parametrize("said", ["2026-13-01", "tomorrow", "", "2026", "9" * 10_000])
def test_anything_else_is_no_day(said: str) -> None:
    assert day_of(said) is None


def test_a_clause_has_the_dates_and_the_audience_of_its_file() -> None:
    front = "title: 押金规则\neffective: 2026-05-01\nexpires: 2027-05-01\naudience: staff"
    clause = parse(f"---\n{front}\n---\n{RULE}", "r.md")[0]
    assert (clause.title, clause.effective, clause.expires, clause.audience) == (
        "押金规则 · 押金",
        date(2026, 5, 1),
        date(2027, 5, 1),
        STAFF,
    )


def test_a_clause_is_used_from_its_first_to_its_last_day_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = date(2026, 5, 1), date(2026, 5, 31)
    library = written(tmp_path, f"effective: {first}\nexpires: {last}")
    found = {}
    for day in (first - timedelta(1), first, last, last + timedelta(1)):

        class Day(date):
            @classmethod
            def today(cls, now: date = day) -> date:  # type: ignore[override]  # its default is the day
                return now

        monkeypatch.setattr(search_index, "date", Day)
        found[day] = len(library.search("押金"))
    assert list(found.values()) == [0, 1, 1, 0]


def test_what_is_for_staff_is_found_by_staff_alone(tmp_path: Path) -> None:
    library = written(tmp_path, "audience: staff")
    assert library.search("押金") == []
    assert len(library.snapshot.index.search("押金", audience=STAFF)) == 1


def test_an_audience_that_nobody_knows_is_staff_and_named(tmp_path: Path) -> None:
    library = written(tmp_path, "audience: stuff")
    assert library.search("押金") == []
    assert "line 2: audience is 'stuff'" in library.problems[0].message


def test_a_date_that_cannot_be_read_keeps_its_clauses_out_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("## 1.1 门锁\n门锁打不开时重启。\n", "utf-8")
    library = written(tmp_path, "expires: 明年")
    assert [problem.path for problem in library.problems] == ["r.md"]
    assert "line 2: expires is '明年'" in library.problems[0].message
    assert [clause.clause for clause in library.clauses] == ["1.1"]


def test_a_rule_of_dashes_is_no_front_matter() -> None:
    assert split_front(["---", "text", "more"])[0] == 0
    assert split_front(["text", "---", "title: x", "---"])[0] == 0
    assert split_front([])[0] == 0


@pytest.mark.parametrize(
    "front",
    [
        "audience: staff",
        "audience: [staff]",
        "'audience': \"staff\"",
        "audience:\n- staff",
        "audience:\n  - staff",
        "受众：\n  - 员工",
        "title: x\n\n# a comment\naudience: staff",
    ],
)
def test_what_is_declared_for_staff_is_for_staff(tmp_path: Path, front: str) -> None:
    library = written(tmp_path, front)
    assert [clause.audience for clause in library.clauses] == [STAFF]
    assert library.problems == []


@pytest.mark.parametrize(
    ("front", "line"),
    [
        ("audience:", 2),
        ('audience: ""', 2),
        ("audience:\n  staff", 2),
        ("audience:\n  - stuff", 2),
        (" audience: staff", 2),
        ("meta:\n  audience: staff", 3),
        ("meta:\n  - audience: staff", 3),
        ("audience= staff", 2),
        ("target audience: staff", 2),
        ("audience: staff\naudience: customer", 3),
        ("audience: customer\naudience: staff", 3),
    ],
)
def test_an_audience_that_cannot_be_read_is_staff_and_named(
    tmp_path: Path, front: str, line: int
) -> None:
    library = written(tmp_path, front)
    assert [clause.audience for clause in library.clauses] == [STAFF]
    assert any(f"line {line}:" in problem.message for problem in library.problems)


@pytest.mark.parametrize(
    ("front", "named"),
    [
        ("audiance: staff", "line 2: 'audiance' is an unknown name"),
        ("title: x\n more", "line 3: 'more' is no `name: value`"),
        ("title: x\ntitle: y", "line 3: title is declared twice"),
        ("just text", "line 2: 'just text' is no `name: value`"),
    ],
)
def test_a_line_that_is_not_used_is_named(tmp_path: Path, front: str, named: str) -> None:
    (problem,) = written(tmp_path, front).problems
    assert problem.message.startswith(named)


@pytest.mark.parametrize("end", ["", "----\n", "- - -\n"])
def test_a_front_matter_without_an_end_is_named_and_its_audience_counts_as_staff(
    tmp_path: Path, end: str
) -> None:
    (tmp_path / "r.md").write_text(f"---\naudience: staff\n{end}\n{RULE}", "utf-8")
    (tmp_path / "rule.md").write_text(f"---\n\n{RULE}", "utf-8")
    library = KnowledgeBase(tmp_path)
    assert {clause.id.partition("#")[0]: clause.audience for clause in library.clauses} == {
        "r": STAFF,
        "rule": CUSTOMER,
    }
    assert [problem.path for problem in library.problems] == ["r.md", "rule.md"]
    assert "no line --- ends the front matter" in library.problems[0].message


def test_three_dots_end_a_front_matter() -> None:
    clause = parse(f"---\naudience: staff\n...\n{RULE}", "r.md")[0]
    assert clause.audience == STAFF


def test_a_row_without_an_audience_is_for_customers_and_meta_without_one_is_not() -> None:
    sheet = parse("问题,答案,受众\n押金怎么退,三天内,\n门锁,重启,员工\n", "r.csv")
    assert [clause.audience for clause in sheet] == [CUSTOMER, STAFF]
    page = parse(f'<meta name="audience" content=""><h2>3.2 押金</h2><p>{RULE}</p>', "r.html")
    assert {clause.audience for clause in page} == {STAFF}
