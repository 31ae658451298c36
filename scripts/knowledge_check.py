"""`make knowledge-check`: lists what is wrong with the knowledge folder, by file. Exits 1 on
errors."""

import os
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from gateway.knowledge.checks import Finding, findings, named
from gateway.knowledge.clauses import CUSTOMER, Clause
from gateway.knowledge.folder_listing import Problem
from gateway.knowledge.folder_reader import FolderReader
from gateway.knowledge.recall import Recall, asked_in, recall
from gateway.knowledge.scanned_pages import SCAN
from gateway.knowledge.snapshot import KnowledgeSnapshot

ROOT = Path(__file__).parents[1]
MAX_LISTED = 5


def main() -> int:
    """Arguments: the folder (else KNOWLEDGE_DIR, else knowledge/) and the folder of cases (else
    evals/)."""
    named_folders = [Path(argument) for argument in sys.argv[1:3]]
    folder = Path(os.environ.get("KNOWLEDGE_DIR") or ROOT / "knowledge")
    folder = named_folders[0] if named_folders else folder
    cases = named_folders[1] if len(named_folders) > 1 else ROOT / "evals"
    snapshot = FolderReader(folder).read_changes()
    assert snapshot is not None  # the first look always gives one
    clauses = list(snapshot.index.clauses)
    found = [*map(unreadable, snapshot.problems), *findings(clauses, date.today())]
    print(report(found))
    print(f"{len(clauses)} clauses in {len({clause.source for clause in clauses})} files")
    print(reached(snapshot, clauses, cases))
    errors = sum(finding.is_error for finding in found)
    print(f"{errors} errors, {len(found) - errors} warnings")
    return 1 if errors else 0


def unreadable(problem: Problem) -> Finding:
    """What cannot be read, or only in part."""
    place, mark, reason = problem.message.partition(": ")
    is_place = bool(mark) and place.split(" ")[0] in ("line", "page", "pages", "row", "sheet")
    # Here is no OCR; the gateway may have one.
    is_scan = SCAN in problem.message
    return Finding(
        not is_scan,
        problem.path,
        place if is_place else "",
        reason if is_place else problem.message,
        "correct it, or remove it from the folder",
    )


def report(found: Iterable[Finding]) -> str:
    """A block of lines for each file."""
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        by_file[finding.path].append(finding)
    lines = []
    for path in sorted(by_file):
        lines.append(path)
        for finding in sorted(by_file[path], key=lambda one: not one.is_error):
            kind = "error" if finding.is_error else "warning"
            place = f"{finding.place}: " if finding.place else ""
            lines += [f"  {kind:8}{place}{finding.reason}", f"          → {finding.remedy}"]
    return "\n".join(lines) if lines else "Nothing is wrong."


def reached(snapshot: KnowledgeSnapshot, clauses: Sequence[Clause], cases: Path) -> str:
    """Recall over the cases, and the clauses of customers that no question reaches."""
    asked = asked_in(case for path in sorted(cases.glob("*.toml")) for case in cases_of(path))
    if not asked:
        return f"No question with a clause in {cases.name}/: recall is not measured."
    serving = [clause for clause in clauses if clause.serves(CUSTOMER, date.today())]
    found = recall(
        asked, serving, lambda question: [hit.clause for hit in snapshot.index.search(question)]
    )
    return "\n".join([_figures(found, len(asked)), *_unreached(found)])


def cases_of(path: Path) -> list[dict[str, Any]]:
    """[] for a file that is no TOML, which is said."""
    try:
        cases = tomllib.loads(path.read_text("utf-8")).get("case", [])
    except (OSError, ValueError) as error:
        print(f"{path.name}: cannot be used: {error}")
        return []
    return [case for case in cases if isinstance(case, dict)] if isinstance(cases, list) else []


def _figures(found: Recall, count: int) -> str:
    lines = [f"recall@1 {found.at_1:.2f}, recall@5 {found.at_5:.2f} over {count} questions"]
    for one in found.missed:
        lines.append(f"  not found: {one}")
    return "\n".join(lines)


def _unreached(found: Recall) -> list[str]:
    by_file: dict[str, list[Clause]] = defaultdict(list)
    for clause in found.unreached:
        by_file[clause.source].append(clause)
    return [
        f"  {path}: no question reaches {len(clauses)}: "
        + ", ".join(named(clause) for clause in clauses[:MAX_LISTED])
        + (", …" if len(clauses) > MAX_LISTED else "")
        for path, clauses in sorted(by_file.items())
    ]


if __name__ == "__main__":
    sys.exit(main())
