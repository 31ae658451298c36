"""Conversations as data: what the engine answers to readings and clauses that it is handed."""

import dataclasses
from typing import Any

import pytest

from tests.inference.lite.answering.conversations import Case, cases

# The test half was written before the answers were; the tune half beside them.
CASES = [*cases("test"), *cases("tune")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.half}: {case.name}")
def test_the_answer_is_right(case: Case) -> None:
    assert case.faults() == []


@pytest.mark.parametrize("half", ["test", "tune"])
def test_names_are_not_used_twice(half: str) -> None:
    names = [case.name for case in cases(half)]
    assert len(names) == len(set(names)) >= 50


def test_a_wrong_answer_is_found() -> None:
    right = next(case for case in CASES if case.first and case.cites)
    wrong: dict[str, Any] = {
        "first": ["never said"],
        "cites": [],
        "outcome": "handoff",
        "not_text": ["。"],
    }
    assert len(dataclasses.replace(right, **wrong).faults()) == 4
