"""How well questions find their clauses, as cited: recall@1 and @5, and the clauses that none
finds."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.evals.cases import Case
from scripts.evals.judging import CITED, Mark, judge_clause, judge_clause_text

Citation = Mapping[str, Any]  # id, title, clause, text
Find = Callable[[str], Awaitable[Sequence[Citation]]]  # a question's citations, best first


@dataclass(frozen=True, slots=True)
class Recall:
    """`missed` says which questions do not find theirs among the first five."""

    questions: int
    at_1: float
    at_5: float
    missed: list[str]
    reached: set[str]  # ids


def askable(cases: Iterable[Case]) -> list[Case]:
    """Cases whose first turn expects a clause and has no picture. Later turns lean on the first."""
    return [
        case
        for case in cases
        if not case.turns[0].images
        and (case.turns[0].expect.clause or case.turns[0].expect.clause_text)
    ]


async def recall(cases: Sequence[Case], find: Find) -> Recall:
    """1.0 without a question."""
    first = five = 0
    missed: list[str] = []
    reached: set[str] = set()
    for case in cases:
        found = await find(case.turns[0].say)
        reached.update(str(one["id"]) for one in found[:CITED])
        at_1, at_5 = _marks(case, found)
        first += at_1.right
        five += at_5.right
        if not at_5.right:
            missed.append(f"{case.turns[0].say} ({at_5.why})")
    count = max(len(cases), 1)
    shares = (first / count, five / count) if cases else (1.0, 1.0)
    return Recall(len(cases), *shares, missed, reached)


def _marks(case: Case, found: Sequence[Citation]) -> list[Mark]:
    expect = case.turns[0].expect
    if expect.clause:
        return judge_clause(expect.clause, found)
    return judge_clause_text(expect.clause_text, found)
