"""`make bench-answers`: how good, how fast and how large the desk is with `lite`, as one table.

Quality is measured on the cases of evals/ and on the handbooks of evals/handbooks/, by half: the
test half is never used to tune.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks import papers, report
from benchmarks.evals import from_nothing, times
from benchmarks.evals.asking import check_pictures
from benchmarks.evals.desk import ask_all, own_desk
from benchmarks.evals.sheet import Judged, share
from benchmarks.evals.times import Row
from scripts.evals.cases import Case, load
from tests.support.degrade import DEGRADATIONS
from tests.support.paths import ROOT

EVALS = ROOT / "evals"
HANDBOOKS = EVALS / "handbooks"
PAPER = "paper"
ACROSS = "across"
MANY = "10000"  # clauses of the speed test
QUALITY = """## How good the answers of the embedded engine are

`make bench-answers PART=quality`, {machine}.
A desk with `lite`: the cases of `evals/`, each handbook of `evals/handbooks/` on a desk of its own,
the questions of `benchmarks/questions/`. Nothing is tuned on the test halves. The desk waits for
its vectors and readings, however busy the machine is.

{table}"""
TIMES = """## How fast and how large the embedded engine is

`make bench-answers PART=times`, {machine}.
Gateway and `lite` with the settings that `make demo` gives them.

{table}"""
NOTHING = ("off-topic", "unknown code", "other business")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("quality", "times"), help="only this table")
    parser.add_argument(
        "--brief",
        action="store_true",
        help="leave out degraded screens, 10,000 clauses and a fresh clone; write no page",
    )
    options = parser.parse_args()
    if options.part != "times":
        rows = (sample, handbooks, *(() if options.brief else (degraded,)))
        table = f"{listed(rows)}\n\n{show(retrieved())}"
        if not options.brief:
            report.write("bench-answers", QUALITY.format(machine=report.machine(), table=table))
    if options.part != "quality":
        table = listed((times.rows, *(() if options.brief else (from_nothing.rows,))))
        if not options.brief:
            table += f"\n\n{show(retrieved('--many', MANY))}"
            report.write("bench-times", TIMES.format(machine=report.machine(), table=table))
    return 0


def listed(parts: Iterable[Callable[[], list[Row]]]) -> str:
    """The parts' rows as one table, printed as they are measured."""
    lines = [show("| measure | figure | to reach |\n| --- | ---: | ---: |")]
    for part in parts:
        lines += [show(f"| {' | '.join(row)} |") for row in part()]
    return "\n".join(lines)


def show(text: str) -> str:
    print(text, flush=True)
    return text


def retrieved(*given: str) -> str:
    """The tables of `python -m benchmarks.retrieval`. Raises subprocess.CalledProcessError."""
    command = [sys.executable, "-m", "benchmarks.retrieval", *given]
    told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return "\n".join(line for line in told.splitlines() if line.startswith("|"))


def sample() -> list[Row]:
    """The sample business: marks of text cases, and papers, each half apart."""
    cases = load(EVALS)
    check_pictures(cases)
    with own_desk(ROOT / "knowledge", with_business=True) as url:
        run = ask_all(url, "", cases)
    text = [each for each in run if each.case.kind != PAPER]
    on_paper = [each for each in run if each.case.kind == PAPER]
    rows = [
        by_half(f"sample business: {what}", text, what, "≥ 0.92")
        for what in ("outcome", "first", "clause", "text")
    ]
    rows.append(
        by_half("off-topic and unknown codes: nothing cited", none_of(text), "nothing", "≥ 0.95")
    )
    rows.append(by_half("questions on papers: text", on_paper, "text", "≥ 0.90"))
    return rows


def none_of(run: Iterable[Judged]) -> list[Judged]:
    return [each for each in run if each.case.kind in NOTHING]


def handbooks() -> list[Row]:
    """The handbooks that nobody tunes on, as cited by a desk that reads only them."""
    rows: list[Row] = []
    for folder in sorted(path for path in HANDBOOKS.iterdir() if path.is_dir()):
        run = ask_handbook(folder)
        own = kinds(run, lambda case: case.kind != ACROSS)
        across = kinds(run, lambda case: case.kind == ACROSS)
        name = f"handbook {folder.name}"
        rows += [
            by_half(f"{name}: recall@1", own, "first", "≥ 0.93"),
            by_half(f"{name}: recall@5", own, "clause", "≥ 0.98"),
            by_half(f"{name}: across languages, recall@1", across, "first", "≥ 0.75"),
            by_half(f"{name}: off-topic, nothing cited", none_of(run), "nothing", "≥ 0.95"),
        ]
    return rows


def ask_handbook(folder: Path) -> list[Judged]:
    with own_desk(folder / "knowledge") as url:
        return ask_all(url, "", load(folder))


def kinds(run: Iterable[Judged], chosen: Callable[[Case], bool]) -> list[Judged]:
    return [each for each in run if chosen(each.case)]


def by_half(measure: str, run: Sequence[Judged], what: str, bound: str) -> Row:
    """The share of right marks, "tune / test", with the number of marks."""
    cells = []
    for half in ("tune", "test"):
        right, of = share((each for each in run if each.case.half == half), what)
        cells.append(f"{right / of:.2f} of {of}" if of else "–")
    return (f"{measure} (tune / test)", " / ".join(cells), bound)


def degraded() -> list[Row]:
    """The fields of the example screens over all degradations."""
    rows = papers.measure_all(list(DEGRADATIONS))[0]
    return papers.summary(rows)


if __name__ == "__main__":
    sys.exit(main())
