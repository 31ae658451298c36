"""`make bench`: clause search, its speed over 10,000 clauses and its recall on the samples."""

import random
import statistics
import time
from pathlib import Path

from gateway.knowledge.clauses import Clause
from gateway.knowledge.index import Index
from gateway.knowledge.index_packing import pack
from gateway.knowledge.index_segment import Segment
from gateway.knowledge.knowledge_base import KnowledgeBase
from scripts.evals.cases import Case, load
from scripts.evals.judging import names

ROOT = Path(__file__).parents[1]
RUNS = 200


def main() -> None:
    library = KnowledgeBase(ROOT / "knowledge")
    cases = [case for case in load(ROOT / "evals") if is_text(case)]
    speed(library, [case.turns[0].say for case in cases])
    quality(library, cases)


def is_text(case: Case) -> bool:
    """One question without pictures that expects one clause, or none."""
    clause = case.turns[0].expect.clause
    return (
        len(case.turns) == 1 and not case.turns[0].images and clause is not None and len(clause) < 2
    )


def speed(library: KnowledgeBase, questions: list[str]) -> None:
    random.seed(7)
    words = [clause.text for clause in library.clauses]
    many = [
        Clause(
            f"c{number}",
            f"规则 {number}",
            str(number),
            " ".join(random.choices(words, k=2))[:300],
            "zh",
            "made.md",
        )
        for number in range(10_000)
    ]
    started = time.perf_counter()
    index = Index([Segment.unpack(pack(many))])
    built = time.perf_counter() - started
    times = []
    for number in range(RUNS):
        started = time.perf_counter()
        index.search(questions[number % len(questions)])
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    print("| retrieval over 10,000 clauses | figure | to reach |\n| --- | ---: | ---: |")
    print(
        f"| search, p50 ms | {statistics.median(times):.2f} | ≤ 5 |\n| search, p95 ms | {times[int(RUNS * 0.95)]:.2f} | |"
    )
    print(f"| build, s | {built:.2f} | |")


def quality(library: KnowledgeBase, cases: list[Case]) -> None:
    right = {1: 0, 5: 0}
    asked = nothing = found_nothing = 0
    for case in cases:
        hits = library.search(case.turns[0].say)
        wanted = case.turns[0].expect.clause or ()
        if not wanted:
            nothing += 1
            found_nothing += not hits
            continue
        asked += 1
        for depth in right:
            right[depth] += any(
                names(each, {"id": hit.clause.id, "clause": hit.clause.clause})
                for hit in hits[:depth]
                for each in wanted[0]
            )
    for depth, count in right.items():
        print(f"| recall@{depth}, {asked} questions | {count / asked:.2f} | |")
    print(
        f"| nothing found where nothing is, {nothing} questions | {found_nothing / nothing:.2f} | |"
    )


if __name__ == "__main__":
    main()
