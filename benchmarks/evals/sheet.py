"""The score sheet: marks counted by kind of case and by half."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.evals.accepted import Changes, Faults
from scripts.evals.cases import Case
from scripts.evals.judging import Answer, Mark

COLUMNS = (
    *("first", "clause", "nothing", "text", "field"),
    *("tool", "action", "arguments", "outcome", "language"),
)
SHOWN = 40  # lines of a list


@dataclass(frozen=True, slots=True)
class Judged:
    case: Case
    answers: list[Answer]
    marks: list[list[Mark]]  # of each turn

    @property
    def right(self) -> bool:
        return all(mark.right for turn in self.marks for mark in turn)

    def faults(self) -> list[str]:
        return [
            f"{number} {mark.what}"
            for number, turn in enumerate(self.marks, 1)
            for mark in turn
            if not mark.right
        ]


def faults_of(run: Iterable[Judged]) -> Faults:
    return {judged.case.key: judged.faults() for judged in run}


def share(run: Iterable[Judged], what: str) -> tuple[int, int]:
    """(right, of) of the marks named `what`."""
    marks = [mark for each in run for turn in each.marks for mark in turn if mark.what == what]
    return sum(mark.right for mark in marks), len(marks)


def table(run: Sequence[Judged], heading: str, group: Callable[[Case], str]) -> list[str]:
    """A row for each group, and one for all, with right/of for each kind of mark."""
    rows = [f"| {heading} | cases | {' | '.join(COLUMNS)} |", "| --- " * (len(COLUMNS) + 2) + "|"]
    groups: dict[str, list[Judged]] = {}
    for judged in run:
        groups.setdefault(group(judged.case), []).append(judged)
    for name, members in [*groups.items(), ("**all**", list(run))]:
        passed = f"{sum(each.right for each in members)}/{len(members)}"
        cells = [_cell(*share(members, what)) for what in COLUMNS]
        rows.append(f"| {name} | {passed} | {' | '.join(cells)} |")
    return rows


def _cell(right: int, of: int) -> str:
    return f"{right}/{of}" if of else "–"


def times(run: Iterable[Judged]) -> str:
    seconds = sorted(answer.seconds for each in run for answer in each.answers)
    p50, p95 = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.95)]
    return f"seconds for a whole answer: p50 {p50:.2f}, p95 {p95:.2f}"


def misses(run: Iterable[Judged]) -> list[str]:
    return [
        f"- {each.case.file}: {each.case.name} ({number}): {mark.what}: {mark.why}"
        for each in run
        for number, turn in enumerate(each.marks, 1)
        for mark in turn
        if not mark.right
    ]


def changes(found: Changes) -> list[str]:
    lines = []
    for name, cases in (("worse", found.worse), ("better", found.better)):
        lines.append(f"{name} than the accepted run: {len(cases)}")
        lines += [f"  {case}" for case in cases[:SHOWN]]
        if len(cases) > SHOWN:
            lines.append(f"  … and {len(cases) - SHOWN} more")
    if found.new or found.gone:
        lines.append(f"cases not in the accepted run: {len(found.new)}; gone: {len(found.gone)}")
    return lines
