"""`make bench`: clause search, its speed over 10,000 clauses and its recall on the samples."""

import random
import statistics
import time
import tomllib
from pathlib import Path

from gateway.knowledge.clauses import Clause
from gateway.knowledge.index import Index
from gateway.knowledge.index_packing import pack
from gateway.knowledge.index_segment import Segment
from gateway.knowledge.knowledge_base import KnowledgeBase

ROOT = Path(__file__).parents[1]
RUNS = 200


def main() -> None:
    library = KnowledgeBase(ROOT / "knowledge")
    questions = tomllib.loads((ROOT / "benchmarks/questions/sample.toml").read_text("utf-8"))
    speed(library, [entry["ask"] for entry in questions["text"]])
    quality(library, questions)


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


def quality(library: KnowledgeBase, questions: dict[str, list[dict[str, str]]]) -> None:
    found = [[hit.clause.id for hit in library.search(entry["ask"])] for entry in questions["text"]]
    wanted = [entry["clause"] for entry in questions["text"]]
    at = {
        depth: sum(clause in ids[:depth] for clause, ids in zip(wanted, found, strict=True))
        for depth in (1, 4)
    }
    nothing = sum(not library.search(entry["ask"]) for entry in questions["nothing"])
    print(
        f"| recall@1, {len(wanted)} questions | {at[1] / len(wanted):.2f} | |\n| recall@4 | {at[4] / len(wanted):.2f} | |"
    )
    print(
        f"| nothing found where nothing is, {len(questions['nothing'])} questions | {nothing / len(questions['nothing']):.2f} | |"
    )


if __name__ == "__main__":
    main()
