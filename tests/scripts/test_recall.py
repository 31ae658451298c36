"""Recall over cases: which count, and what of a clause's translations is reached."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.evals.cases import load_file
from scripts.evals.recall import askable, recall

CASES = """
[[case]]
name = "a: by id"
language = "zh"
turns = [{say = "押金", expect = {clause = "a#1.1"}}, {say = "门", expect = {clause = "a#1.2"}}]
[[case]]
name = "a: by text"
language = "zh"
turns = [{say = "门锁", expect = {clause_text = "重启"}}]
[[case]]
name = "a: nothing"
language = "zh"
turns = [{say = "天气", expect = {clause = "none"}}]
[[case]]
name = "a: picture"
language = "zh"
turns = [{say = "图", images = ["a.png"], expect = {clause = "a#1.1"}}]
"""
DEPOSIT = {"id": "zh/a#1.1", "title": "押金", "clause": "1.1", "text": "押金退还。"}
LOCK = {"id": "zh/a#1.2", "title": "门锁", "clause": "1.2", "text": "门锁重启。"}


async def test_first_turns_that_expect_a_clause_count(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(CASES, "utf-8")
    cases = askable(load_file(tmp_path / "own.toml"))
    assert [case.name for case in cases] == ["a: by id", "a: by text"]

    async def find(question: str) -> Sequence[dict[str, Any]]:
        return [DEPOSIT, LOCK] if question == "门锁" else [DEPOSIT]

    found = await recall(cases, find)
    assert (found.questions, found.at_1, found.at_5) == (2, 0.5, 1.0)
    assert found.missed == []
    assert found.reached == {"zh/a#1.1", "zh/a#1.2"}


async def test_a_question_that_misses_its_clause_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(CASES, "utf-8")

    async def find(question: str) -> Sequence[dict[str, Any]]:
        return []

    found = await recall(askable(load_file(tmp_path / "own.toml")), find)
    assert (found.at_1, found.at_5) == (0.0, 0.0)
    assert [said.split(" ")[0] for said in found.missed] == ["押金", "门锁"]
