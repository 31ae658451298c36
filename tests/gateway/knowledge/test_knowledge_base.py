"""Clauses are parsed from Markdown and found by questions."""

import time
from pathlib import Path

import pytest

from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.sources.numbering import split_number
from tests.support.knowledge import parse
from tests.support.paths import ROOT

OTHER_SHOP = """# 会员与押金规则

## 1 押金

### 1.1 押金退还
归还设备并验收后,押金在 3 天内退还。

### 1.2 设备损坏
设备损坏的按维修报价从押金中扣除。

## 2 报错

### 2.1 门锁打不开:LOCK-77
出现 LOCK-77 时重启蓝牙后再试。
"""


@pytest.mark.parametrize(
    ("heading", "number", "name"),
    [
        ("3.2 退货流程", "3.2", "退货流程"),
        ("3.2. Returns", "3.2", "Returns"),
        ("第三条 退款", "第三条", "退款"),
        ("第 3.2 条 退款", "3.2", "退款"),
        ("Article 5 Fees", "5", "Fees"),
        ("§4 Term", "4", "Term"),
        ("一、总则", "一", "总则"),
        ("概述", "", "概述"),
    ],
)
def test_numbers_are_read_as_people_write_them(heading: str, number: str, name: str) -> None:
    assert split_number(heading) == (number, name)


def test_a_clause_has_its_number_title_and_text() -> None:
    clauses = parse(OTHER_SHOP, "rules.md")
    assert [clause.clause for clause in clauses] == ["1.1", "1.2", "2.1"]
    assert clauses[0].title == "会员与押金规则 · 押金退还"
    assert clauses[0].text.startswith("归还设备")


def test_numbered_paragraphs_are_clauses_too() -> None:
    clauses = parse(
        "# 规则\n\n3.1 押金三天内退还。\n\n3.2 损坏照价赔偿。\n\n第五条 争议由双方协商。\n", "r.md"
    )
    assert [clause.clause for clause in clauses] == ["3.1", "3.2", "第五条"]


def test_a_document_without_headings_is_still_found() -> None:
    assert parse("押金三天内退还。", "r.md")[0].text == "押金三天内退还。"


@pytest.fixture
def library(tmp_path: Path) -> KnowledgeBase:
    (tmp_path / "rules.md").write_text(OTHER_SHOP, "utf-8")
    return KnowledgeBase(tmp_path)


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        ("押金什么时候退", "1.1"),
        ("LOCK-77", "2.1"),
        ("设备弄坏了怎么办", "1.2"),
        ("门锁打不开", "2.1"),
    ],
)
def test_the_clause_that_serves_comes_first(
    library: KnowledgeBase, question: str, clause: str
) -> None:
    assert library.search(question)[0].clause.clause == clause


@pytest.mark.parametrize(
    "question", ["今天天气怎么样", "写一首诗", "who won the world cup", "", "的了吗"]
)
def test_a_question_about_something_else_finds_nothing(
    library: KnowledgeBase, question: str
) -> None:
    assert library.search(question) == []


def test_a_file_in_neither_utf8_nor_gb18030_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(OTHER_SHOP, "utf-8")
    (tmp_path / "old.md").write_bytes("# 规则\n\n## 3.3 取消\n取消免费。\n".encode("gb18030"))
    (tmp_path / "bad.md").write_bytes("# Règles\nÀ résilier à la fête".encode("latin-1"))
    library = KnowledgeBase(tmp_path)
    assert len(library.clauses) == 4
    assert library.clauses[3].text == "取消免费。"
    assert [problem.path for problem in library.problems] == ["bad.md"]
    assert "UTF-8" in library.problems[0].message


def test_a_missing_and_an_empty_folder_are_problems_and_not_crashes(
    tmp_path: Path, empty_folder: Path
) -> None:
    assert "no such folder" in KnowledgeBase(tmp_path / "nowhere").problems[0].message
    assert "no clause" in KnowledgeBase(empty_folder).problems[0].message


def test_the_sample_business_has_no_problem() -> None:
    library = KnowledgeBase(SAMPLE)
    assert library.problems == []
    assert {clause.locale for clause in library.clauses} == {"zh", "en"}
    assert all(
        {"zh-CN", "en"} <= set(question)
        for group in library.questions
        for question in group["questions"]
    )


SAMPLE = ROOT / "knowledge"
WAYBILL = "运单详情\n运单号 SF1402857369214\n承运商 顺丰速运\n订单号 QH202611180042317\n状态 运输中\n2026-11-20 08:12 已到达中转场"


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        ("这个包裹三天没动了，怎么办？", "物流停滞"),
        ("The parcel has not moved for three days.", "Tracking has stopped"),
    ],
)
def test_what_a_picture_says_beside_a_question_does_not_fail_it(question: str, clause: str) -> None:
    library = KnowledgeBase(SAMPLE)
    for asked in ([(question, 1.0)], [(question, 1.0), ("运输中", 1.2), (WAYBILL, 0.15)]):
        titles = [hit.clause.title for hit in library.search(asked, 5)]
        assert any(title.endswith(clause) for title in titles), titles


@pytest.mark.parametrize(
    "unit",
    [
        "- ",
        "> ",
        "#\n",
        "```\n",
        "a\n---\n",
        "* a\n",
        "- a\n  - b\n",
        "[a]: b\n",
        "<div>\n",
        "<!--",
    ],
)
def test_parsing_hostile_markdown_takes_no_quadratic_time(unit: str) -> None:
    """160,000 characters take up to 2 s; a step that is quadratic in them would take minutes."""
    started = time.process_time()
    parse(unit * (160_000 // len(unit)), "x.md")
    assert time.process_time() - started < 10
